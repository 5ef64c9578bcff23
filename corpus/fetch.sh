#!/bin/sh
# Fetches the pinned Debian packages of packages.txt and unpacks each group below DIR/GROUP.
#
#   corpus/fetch.sh DIR [GROUP...]                          default: every group
#   corpus/fetch.sh -p DIR GROUP SUITE ARCH PACKAGE...      pins packages first, as they are now
#
# Nothing is installed and no mirror is named: the machine's own apt sources are copied, their
# suite is replaced, and apt is pointed at the copy with private state below DIR/.apt. What was
# unpacked before is left alone. Exits 1 when a package is gone from the archive or differs from
# its pinned checksum; the other packages are unpacked all the same. Needs apt and dpkg, no root.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
pin=0
[ "${1-}" != -p ] || { pin=1; shift; }
if [ $# -lt 1 ] || { [ $pin = 1 ] && [ $# -lt 5 ]; }; then
	echo "usage: $0 DIR [GROUP...] or $0 -p DIR GROUP SUITE ARCH PACKAGE..." >&2
	exit 2
fi
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
bad=0

# private SUITE ARCH: prints the apt options that read only that suite's lists, updating them once.
private() {
	state=$dir/.apt/$1-$2
	if [ ! -e "$state/done" ]; then
		mkdir -p "$state/lists/partial" "$state/archives/partial"
		cat /etc/apt/sources.list.d/debian*.sources 2>/dev/null | resuite "$1" >"$state/s.sources"
		grep -hE '^deb .*debian' /etc/apt/sources.list /etc/apt/sources.list.d/debian*.list \
			2>/dev/null | resuite "$1" >"$state/s.list" || true
		rm -rf "$state/parts"
		mkdir "$state/parts"
		for f in s.sources s.list; do
			[ ! -s "$state/$f" ] || cp "$state/$f" "$state/parts/$f"
		done
	fi
	opts="-oAPT::Architecture=$2 -oAPT::Architectures=$2 -oDir::State::Lists=$state/lists"
	opts="$opts -oDir::Cache=$state -oDir::Etc::SourceList=/dev/null"
	opts="$opts -oDir::Etc::SourceParts=$state/parts"
	if [ ! -e "$state/done" ]; then
		apt-get -qq $opts update >&2
		touch "$state/done"
	fi
	echo "$opts"
}

# resuite SUITE: the apt sources on stdin, moved to another suite. sid has neither updates nor
# a security archive.
resuite() {
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	sed -E "/^#/d; s/\b(stable|$codename)\b/$1/g; s/ sid-updates//" |
		awk -v RS= -v ORS='\n\n' '!/Suites:.*sid-security/' | sed '/ sid-security/d'
}

# pin GROUP SUITE ARCH PACKAGE...: replaces the group's lines in packages.txt.
pin() {
	group=$1 suite=$2 arch=$3
	shift 3
	opts=$(private "$suite" "$arch")
	new=$(mktemp "$here/.packages-XXXXXX")
	trap 'rm -f "$new"' EXIT
	grep -v "^$group " "$here/packages.txt" >"$new"
	for package; do
		apt-cache $opts show --no-all-versions "$package" | awk -v row="$group $suite $arch" '
			/^Package: / { name = $2 } /^Version: / { version = $2 } /^SHA256: / { sum = $2 }
			END { if (sum == "") exit 1; print row, name, version, sum }' >>"$new"
	done
	chmod 644 "$new"
	mv "$new" "$here/packages.txt"
}

if [ $pin = 1 ]; then
	pin "$@"
	set -- "$1"
fi
wanted=" $* "

while read -r group suite arch package version sum; do
	case $group in ''|'#'*) continue ;; esac
	[ "$wanted" = "  " ] || case $wanted in *" $group "*) ;; *) continue ;; esac
	stamp=$dir/.apt/unpacked/$group/$package
	[ ! -e "$stamp" ] || continue
	opts=$(private "$suite" "$arch")
	mkdir -p "$dir/.apt/debs" "$(dirname "$stamp")" "$dir/$group"
	cd "$dir/.apt/debs"
	if ! apt-get -qq $opts download "$package=$version" >/dev/null 2>&1; then
		echo "$group: $package $version is no longer in $suite" >&2
		bad=1
		continue
	fi
	deb=$(ls "$package"_*"_$arch.deb" "$package"_*_all.deb 2>/dev/null | tail -n 1)
	if [ "$(sha256sum <"$deb" | cut -d' ' -f1)" != "$sum" ]; then
		echo "$group: $deb differs from the pinned checksum $sum" >&2
		rm -f "$deb"
		bad=1
		continue
	fi
	dpkg -x "$deb" "$dir/$group"
	rm -f "$deb"
	touch "$stamp"
	echo "$group: $package $version" >&2
done <"$here/packages.txt"
exit $bad
