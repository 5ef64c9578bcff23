#!/bin/sh
# Counts the instructions of an operation, in user mode, of all backends and built peers: those of
# 2N operations less those of N, by cachegrind. Unlike time, they hardly depend on what else runs.
# Usage: bench/instructions.sh SOURCE ROW[=N]... >instructions.txt, in Go's benchmark format, with
# the queries of WORKLOAD, bench/peers/testdata/example.workload if it is not set.
set -eu
[ $# -ge 2 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
command -v valgrind >/dev/null || {
	echo "valgrind is not found: apt-get install valgrind" >&2
	exit 1
}
here=$(cd "$(dirname "$0")" && pwd)
source=$1 workload=${WORKLOAD:-$here/peers/testdata/example.workload}
shift
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
go build -C "$here/.." -o "$tmp/benchmark" ./cmd/benchmark
export GOMAXPROCS=1 GOGC=off

# refs N PROGRAM...: the instructions of a process that measures the row with N operations.
refs() {
	n=$1
	shift
	echo "run $row $n" | valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null \
		"$@" --backend "$backend" --source "$source" --workload "$workload" 2>"$tmp/counted" \
		>"$tmp/answer"
	grep -q '^ok$' "$tmp/answer" || return 1
	sed -n 's/.*I *refs: *//p' "$tmp/counted" | tr -d ,
}

# measure PROGRAM...: a line for each of a program's backends that has the row.
measure() {
	for backend in $("$@" --backends | cut -f1); do
		one=$(refs "$count" "$@") && two=$(refs $((2 * count)) "$@") || continue
		awk -v name="$row/backend=$backend/source=$(basename "$source")" -v n="$count" \
			-v d=$((two - one)) 'BEGIN { printf "Benchmark%s %d %.1f instructions/op\n", name, n, d / n }'
	done
}

for row; do
	case $row in
	*=[0-9]*) count=${row##*=} row=${row%=*} ;;
	*ByID | *ByName* | NameOfType | MemberByPath) count=400000 ;;
	*) count=10 ;;
	esac
	measure "$tmp/benchmark" serve
	for peer in "$here"/peers/bin/*; do
		[ ! -x "$peer" ] || measure "$peer"
	done
done
