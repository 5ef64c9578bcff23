// Package match answers which of many names match a regular expression: for each name
// exactly what [regexp.Regexp.MatchString] says, some ten to a hundred times sooner.
//
// It knows nothing of BTF. Names are strings that end in a NUL inside a text that ends
// in one; a name is given by the offset at which it starts, and offsets come in any order,
// repeatedly, and into the middle of strings, which is how a string section shares suffixes.
// The bytes of a name are arbitrary and need not be UTF-8.
//
// # What it accepts
//
// [Compile] takes the syntax of [regexp.Compile], all of it; [FromRegexp] takes what package
// regexp compiled, by its POSIX rules too; [Glob] takes shell patterns. There is no fallback
// to package regexp: nothing that it accepts is left out here, neither runes beyond
// ASCII, nor invalid UTF-8, nor word boundaries, nor any size. It is asked only by
// [Matcher.MatchString], and about one name where a Regexp is ambiguous (see FromRegexp).
//
// # How it answers
//
// What can be decided without an automaton is: ^tcp_ compares eight bytes a name, sk_buff,
// (?i)SKB and _drop_reason$ are searched for in the whole text, by their two rarest bytes and
// eight places at once, and .* says yes. For the rest, [regexp/syntax] compiles a program, of
// which a deterministic automaton is built as far as the names lead (dfa.go), over
// classes of runes that the program does not tell apart (classes.go). It runs
//
//   - forward, over each name, where patterns are anchored at the start and mostly decided
//     by a few bytes, behind a gate: what the first eight bytes of all matching names have in
//     common, compared at once (gate.go);
//   - forward, over the names that contain a literal that the pattern requires;
//   - reversed, in one sweep over the text from its end, which answers for all offsets
//     there are (sweep.go). Four parts of the text are read at once.
//
// # What it costs
//
// The time is linear in the text and in the number of offsets, however the names overlap: when
// the forward automaton has read a quarter of the text's length, the sweep takes over. A
// sweep takes about 1 ns a byte, a search for a literal 0.1 ns, a name 0.3 to 1.5 ns. The
// automata of a Matcher are kept for its next query (until the garbage collector wants
// their memory), so the first costs some tens of microseconds more.
//
// A query allocates a bit a byte of the text, from a pool, and its automata. Those of one query
// hold some eight megabytes each at most, and for the patterns that people write some
// kilobytes; one that grows beyond forgets its states and starts anew, so that a pattern with a
// great many states costs up to a microsecond a byte, and still neither
// memory nor time out of proportion.
//
// # Why it is right
//
// Package regexp is the oracle. TestSelect asks it about patterns for every construct of the
// syntax, over names that are hard and all their suffixes, and holds each way of answering
// against it: as chosen, forward, swept in four lanes and in one, changing over midway,
// and with automata that forget all the time. FuzzMatch does the same for any pattern and
// any names, TestFromRegexp for both ways to compile a Regexp, FuzzGlob for globs.
package match
