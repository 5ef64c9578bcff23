# Sourced by .ci/run, .ci/long and .ci/regressions: goes to the root of the repository, and
# has legs that print their time, and installing.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
set -u
export root=$PWD
wanted=" $* "
failed=""
passes=0
start=$SECONDS
export GOTOOLCHAIN=local
# A clone that another user owns is what containers of CI services have.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'

# leg NAME COMMAND...: runs a leg if it is wanted (all are when none is named), prints its
# time, remembers a failure and goes on.
leg() {
	local name=$1 t=$SECONDS
	shift
	case $wanted in "  " | *" $name "*) ;; *) return 0 ;; esac
	printf '\n=== %s\n' "$name"
	if "$@" </dev/null; then
		passes=$((passes + 1))
		printf -- '--- ok   %s (%ds)\n' "$name" $((SECONDS - t))
	else
		failed="$failed $name"
		printf -- '--- FAIL %s (%ds)\n' "$name" $((SECONDS - t))
	fi
}

# finish prints the verdict and exits with it. A name that no leg has is a failure, too.
finish() {
	local n
	n=$(wc -w <<<"$failed")
	if [ $((passes + n)) = 0 ]; then
		printf 'no leg of that name:%s\n' "$wanted" >&2
		exit 2
	fi
	printf '\nafter %ds, legs that failed:%s\n' $((SECONDS - start)) "${failed:- none}"
	printf '%d passed, %d failed\n' "$passes" "$n"
	[ "$n" = 0 ]
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

# tool NAME prints the path of a pinned tool, built.
tool() { GOWORK=off go -C tools tool -n "$1"; }
