//! `[group:g]`.

use harness::{Value, member, text};

use super::{Reader, table};

const PROGRAMS: &str = "[program:a]\ncommand=a\npriority=3\n[program:b]\ncommand=b\npriority=1\n[fcgi-program:c]\ncommand=c\nsocket=tcp://localhost:{port}\n";

/// The processes with their groups and priorities: `group:name group_prio process_prio`.
fn processes(reader: &Reader, group: &str) -> Vec<String> {
    let shown = |process: &Value| {
        let number = |key| harness::int(&member(process, key));
        let word = |key| text(&member(process, key));
        format!("{}:{} {} {}", word("group"), word("name"), number("group_prio"), number("process_prio"))
    };
    reader.reads(&format!("{PROGRAMS}{group}")).iter().map(shown).collect()
}

// configuration.rst, [group:x]: "programs … become members of the group"; priority: "The default is 999".
#[test]
fn a_group_has_programs_and_a_priority() {
    let reader = Reader::new();
    assert_eq!(processes(&reader, ""), ["a:a 3 3", "b:b 1 1", "c:c 999 999"]);
    assert_eq!(processes(&reader, "[group:g]\nprograms=a,b\n"), ["g:a 999 3", "g:b 999 1", "c:c 999 999"]);
    assert_eq!(
        processes(&reader, "[group:g]\nprograms=a\npriority=5\n"),
        ["g:a 5 3", "b:b 1 1", "c:c 999 999"]
    );
    assert_eq!(processes(&reader, "[group:g]\nprograms=c\n"), ["a:a 3 3", "b:b 1 1", "g:c 999 999"]);
}

// configuration.rst, programs: "A comma-separated list of program names."
#[test]
fn programs_are_parted_by_commas() {
    let reader = Reader::new();
    let groups = |programs: &str| {
        let all = processes(&reader, &format!("[group:g]\nprograms={programs}\n"));
        all.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    table(
        &[
            ("a,b", "g:a g:b c:c"),
            (" a , b ", "g:a g:b c:c"),
            ("b,a", "g:a g:b c:c"),
            ("a,\n b", "g:a g:b c:c"),
            ("a", "g:a b:b c:c"),
            ("", "a:a b:b c:c"),
        ],
        groups,
    );
}

// undocumented: names that no program has.
#[test]
fn unknown_programs_are_told() {
    let reader = Reader::new();
    table(
        &[
            ("programs=x", "[group:g] names unknown program or fcgi-program x"),
            ("programs=x,y,a", "[group:g] names unknown program or fcgi-program x"),
            ("programs=a b", "[group:g] names unknown program or fcgi-program a b"),
            ("programs=A", "[group:g] names unknown program or fcgi-program A"),
            ("programs=a\n b", "[group:g] names unknown program or fcgi-program a\nb"),
        ],
        |lines| reader.refuses(&format!("{PROGRAMS}[group:g]\n{lines}\n")),
    );
}

// undocumented: the name of a group has the bad characters of a program's.
#[test]
fn the_name_of_a_group_is_checked() {
    let reader = Reader::new();
    table(
        &[
            ("g h", "Invalid name: 'g h' because of character: ' '"),
            ("g/h", "Invalid name: 'g/h' because of character: '/'"),
            ("g:h", "Invalid name: 'g:h' because of character: ':'"),
        ],
        |name| reader.refuses(&format!("{PROGRAMS}[group:{name}]\nprograms=a\n")),
    );
    assert_eq!(processes(&reader, "[group: g ]\nprograms=a\n")[0], "g:a 999 3");
}

// undocumented: a program in two groups, or twice in one.
#[test]
fn a_program_may_be_named_twice() {
    let reader = Reader::new();
    assert_eq!(
        processes(&reader, "[group:g]\nprograms=a\n[group:h]\nprograms=a\npriority=7\n"),
        ["h:a 7 3", "g:a 999 3", "b:b 1 1", "c:c 999 999"]
    );
    assert_eq!(processes(&reader, "[group:g]\nprograms=a,a\n")[..2], ["g:a 999 3", "g:a 999 3"]);
}
