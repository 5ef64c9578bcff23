# Sourced by the scripts of .ci: goes to the root of the repository, and has legs that print
# their time, and installing.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
set -u
export root=$PWD
wanted=" $* "
failed=""
skipped=""
known=" "
passes=0
start=$SECONDS
export GOTOOLCHAIN=local
# A clone that another user owns is what containers of CI services have.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'

# leg NAME COMMAND... ## ABOUT: runs a leg if it is wanted (all are when none is named), prints
# its time, remembers a failure and goes on. Exit status 77 says that the leg could not ask.
leg() {
	local name=$1 t=$SECONDS rc=0 verdict
	shift
	known="$known$name "
	case $wanted in "  " | *" $name "*) ;; *) return 0 ;; esac
	printf '\n=== %s\n' "$name"
	"$@" </dev/null || rc=$?
	case $rc in
	0) verdict="ok  " && passes=$((passes + 1)) ;;
	77) verdict=SKIP && skipped="$skipped $name" ;;
	*) verdict=FAIL && failed="$failed $name" ;;
	esac
	printf -- '--- %s %s (%ds)\n' "$verdict" "$name" $((SECONDS - t))
	[ "${GITHUB_ACTIONS-}" != true ] || [ $rc = 0 ] ||
		echo "::$([ $rc = 77 ] && echo warning || echo error)::$name: $verdict"
}

# part NAME COMMAND... ## ABOUT: a leg of which another one does more, so that it runs if named.
part() { [ "$wanted" = "  " ] || leg "$@"; }

# unable WHY...: says that a leg cannot ask what is outside of this machine. That is a failure
# where BTFKIT_REQUIRE lists network, and a skip elsewhere.
unable() {
	echo "NOT CHECKED: $*"
	case ,${BTFKIT_REQUIRE-}, in *,network,*) return 1 ;; esac
	return 77
}

# finish prints the verdict and exits with it. A name that no leg has is a failure, too.
finish() {
	local bad skips name unknown=""
	for name in $wanted; do
		case $known in *" $name "*) ;; *) unknown="$unknown $name" ;; esac
	done
	[ -z "$unknown" ] || { echo "no leg of that name:$unknown" >&2 && exit 2; }
	bad=$(wc -w <<<"$failed")
	skips=$(wc -w <<<"$skipped")
	[ "$skips" = 0 ] || printf '\nlegs that could not ask, and say nothing:%s\n' "$skipped"
	printf '\nafter %ds, legs that failed:%s\n' $((SECONDS - start)) "${failed:- none}"
	printf '%d passed, %d failed, %d skipped\n' "$passes" "$bad" "$skips"
	[ "$bad" = 0 ]
	exit
}

# install PROGRAM=PACKAGE...: Debian's packages of the programs that are not there, as root or
# through sudo. A PROGRAM with a slash is a file.
install() {
	local want pkgs="" sudo=""
	for want; do
		case $want in
		/*) [ -e "${want%%=*}" ] || pkgs="$pkgs ${want#*=}" ;;
		*) command -v "${want%%=*}" >/dev/null || pkgs="$pkgs ${want#*=}" ;;
		esac
	done
	[ -n "$pkgs" ] || return 0
	[ "$(id -u)" = 0 ] || sudo=sudo
	echo "installing$pkgs"
	$sudo apt-get -qq update >/dev/null &&
		DEBIAN_FRONTEND=noninteractive $sudo apt-get -qq install -y --no-install-recommends \
			$pkgs >/dev/null
}

# modules prints the folders of all modules of the workspace.
modules() { go list -m -f '{{.Dir}}'; }

# library prints patterns of the packages that users import.
library() {
	local d
	for d in btf elfx backends/*; do echo "./$d/..."; done
}

# floor prints the oldest version of Go that the workspace promises to work with.
floor() { sed -n 's/^go //p' go.work; }

# tool NAME prints the path of a pinned tool, built.
tool() { GOWORK=off go -C tools tool -n "$1"; }
