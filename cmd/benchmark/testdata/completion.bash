_benchmark() {
	local word=${COMP_WORDS[COMP_CWORD]}
	local before=${COMP_WORDS[COMP_CWORD-1]} options= values= files=
	case ${COMP_WORDS[1]} in
	compare)
		case $before in
		--fail-above) return ;;
		--turns) return ;;
		--out) files=1 ;;
		*) options='--fail-above --run --turns --out --anyway' files=1 ;;
		esac ;;
	ranking)
		case $before in
		*) options='' files=1 ;;
		esac ;;
	chart)
		case $before in
		--title) return ;;
		*) options='--title' files=1 ;;
		esac ;;
	completion)
		case $before in
		*) options='' ;;
		esac ;;
	man)
		case $before in
		*) options='' ;;
		esac ;;
	*)
		case $before in
		--base) files=1 ;;
		--split) files=1 ;;
		--dir) files=1 ;;
		--backend) values='default all cache mmap arena' ;;
		--id) return ;;
		--name) return ;;
		--regex) return ;;
		--seed) return ;;
		--rows) return ;;
		--count) return ;;
		--iterations|-i) return ;;
		--budget) return ;;
		--format) values='table bench json' ;;
		--report) files=1 ;;
		*) options='--base --embedded --split --dir --backend --peers --id --name --regex --seed --rows --full --count --iterations -i --budget --format --report --version' ;;
		esac ;;
	esac
	[ "$COMP_CWORD" != 1 ] || options="compare ranking chart completion man $options"
	COMPREPLY=($(compgen ${files:+-f} -W "$options $values" -- "$word"))
}
complete -o filenames -F _benchmark benchmark
