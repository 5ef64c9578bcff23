#!/bin/sh
# Asks every built peer for its answers to one workload and compares them with those of the first.
# Usage: agree.sh SOURCE WORKLOAD [BASE]
set -eu
[ $# -ge 2 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
source=$1 workload=$2
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

set -- ${3:+--base "$3"}
first='' status=0 passed=0 failed=0
for peer in "$here"/bin/*; do
	[ -x "$peer" ] || continue
	for backend in $("$peer" --backends | cut -f1); do
		echo check | "$peer" --backend "$backend" --source "$source" "$@" \
			--workload "$workload" >"$tmp/$backend"
		first=${first:-$backend}
		# Line by line: a kind that the peer omits may lack its name; a pattern that one of the two
		# cannot run is passed over; a peer that omits kinds may match fewer types, and not find
		# names with the prefix that it announces.
		if awk -v name="$backend" -v ref="$first" '
			FNR == NR { line[FNR] = $0; lines = FNR; next }
			FNR == 1 {
				for (i = 2; i <= NF; i++) {
					value = substr($i, index($i, "=") + 1)
					if ($i ~ /^omits-prefix=/) prefix = value
					if ($i ~ /^omits=[0-9]/) n = split(value, kinds, ",")
				}
				for (i = 1; i <= n; i++) omits[kinds[i]] = 1
				next
			}
			{ seen = FNR }
			$0 == line[FNR] { equal++; next }
			{ split(line[FNR], want, " ") }
			$1 == "type" && ($3 in omits) && $2 " " $3 == want[2] " " want[3] { omitted++; next }
			$1 == "matches" && $4 == want[4] && ($2 == "-" || want[2] == "-") { unable++; next }
			$1 == "matches" && $4 == want[4] && n && $2 < want[2] { omitted++; next }
			$1 == "ids" && $2 == "-" && prefix && index($3, prefix) == 1 { omitted++; next }
			{ print name ": " $0 "\n" ref ": " line[FNR] > "/dev/stderr"; differ++ }
			END {
				if (seen != lines || $0 != "ok") { print name ": answer ends early"; exit 1 }
				printf "%s: %d lines as %s, %d with omissions, %d patterns unable, %d differ\n",
					name, equal, ref, omitted, unable, differ
				exit differ > 0
			}' "$tmp/$first" "$tmp/$backend"; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1)) status=1
		fi
	done
done
[ -n "$first" ] || { echo "no peer is built; run: make -C bench/peers" >&2; exit 1; }
echo "$passed passed, $failed failed"
exit $status
