#!/bin/sh
# pahole behind the contract of the conformance suite: it prints all types or fails, and answers
# nothing.
case $# in
1) pahole -F btf "$1" ;;
*) pahole -F btf --btf_base "$2" "$1" ;;
esac >/dev/null
rc=$?
[ $rc -le 1 ] || [ $rc -gt 128 ] || rc=1
exit $rc
