//! `[include]`: more files, in which order, and what they may say.

use std::fs;

use harness::{Setup, TestBed, member, text};

use super::{Reader, in_program, one, program, table};

/// The names of all programs.
fn names(reader: &Reader, sections: &str) -> Vec<String> {
    reader.reads(sections).iter().map(|process| text(&member(process, "name"))).collect()
}

/// A program of this name, whose command is its name.
fn named(name: &str) -> String {
    format!("[program:{name}]\ncommand={name}\nautostart=false\n")
}

// configuration.rst, [include] files: "A space-separated sequence of file globs".
#[test]
fn files_are_parted_by_white_space() {
    let reader = Reader::new();
    for name in ["a", "b", "c", "d"] {
        reader.0.write(&format!("inc/{name}.conf"), &named(name));
    }
    table(
        &[
            ("inc/a.conf", "a"),
            ("inc/b.conf inc/a.conf", "a b"),
            ("inc/a.conf\tinc/b.conf", "a b"),
            ("inc/a.conf\n inc/b.conf\n inc/d.conf", "a b d"),
            ("inc/*.conf", "a b c d"),
            ("inc/[ac].conf", "a c"),
            ("inc/?.conf", "a b c d"),
            ("inc/[!a].conf", "b c d"),
            ("", ""),
        ],
        |files| names(&reader, &format!("[include]\nfiles={files}\n")).join(" "),
    );
}

// configuration.rst, [include] files: "may be absolute or relative. If the file glob is relative, it is considered relative to the
// location of the configuration file which includes it."
#[test]
fn files_are_relative_to_the_configuration() {
    let setup = Setup {
        text: "[include]\nfiles=more/*.conf {here}/other.conf\n",
        files: &[
            ("sub/more/in.conf", "[program:wrong]\ncommand=/bin/cat\nautostart=false\n"),
            ("more/in.conf", "[program:near]\ncommand=/bin/cat\nautostart=false\n"),
            ("other.conf", "[program:far]\ncommand=/bin/cat\nautostart=false\n"),
        ],
        ..Setup::default()
    };
    let bed = setup.start();
    assert_eq!(bed.state("near"), "STOPPED");
    assert_eq!(bed.state("far"), "STOPPED");
    assert!(bed.rpc("getProcessInfo", ["wrong".into()]).is_err());
}

// undocumented: patterns in their order, the files of each sorted; the last value of a key counts.
#[test]
fn later_files_override_earlier_ones() {
    let reader = Reader::new();
    for name in ["a", "b", "B", "c"] {
        reader.0.write(&format!("inc/{name}.conf"), &format!("[program:x]\nserverurl={name}\n"));
    }
    let text = |files: &str| format!("[include]\nfiles={files}\n{}", program("serverurl=main"));
    table(
        &[
            ("inc/a.conf inc/c.conf", "c"),
            ("inc/c.conf inc/a.conf", "a"),
            ("inc/*.conf", "c"),
            ("inc/[bB].conf", "b"),
            ("inc/*.conf inc/a.conf", "a"),
            ("inc/none*.conf", "main"),
        ],
        |files| harness::text(&reader.value(&text(files), "serverurl")),
    );
}

// undocumented: even [supervisord].
#[test]
fn an_included_file_may_change_the_daemons_section() {
    let reader = Reader::new();
    reader.0.write("more.conf", "[supervisord]\nidentifier=changed\n");
    assert_eq!(reader.identifier("identifier=main\n[include]\nfiles=more.conf"), "changed");
}

// undocumented: [include] needs its key.
#[test]
fn an_include_needs_files() {
    let reader = Reader::new();
    assert_eq!(reader.refuses("[include]\n"), ".ini file has [include] section, but no files setting");
    assert_eq!(
        reader.refuses("[include]\nfile=a.conf\n"),
        ".ini file has [include] section, but no files setting"
    );
}

// configuration.rst, [include]: "An included file cannot itself include other files": such a section is ignored.
#[test]
fn an_include_in_an_included_file_is_ignored() {
    let reader = Reader::new();
    reader.0.write("first.conf", &format!("[include]\nfiles=second.conf\n{}", named("first")));
    reader.0.write("second.conf", &named("second"));
    assert_eq!(names(&reader, "[include]\nfiles=first.conf\n"), ["first"]);
}

// undocumented: `*` leaves hidden files out, and `**` is no more than `*`.
#[test]
fn stars_are_those_of_a_shell() {
    let reader = Reader::new();
    for file in ["inc/seen", "inc/.hidden", "inc/deep/er/deepest", "inc/deep/deep"] {
        reader.0.write(&format!("{file}.conf"), &named(file.rsplit(['/', '.']).next().unwrap()));
    }
    table(
        &[
            ("inc/*.conf", "seen"),
            ("inc/.*.conf", "hidden"),
            ("inc/*/*.conf", "deep"),
            ("inc/**/*.conf", "deep"),
            ("inc/{seen,x}.conf", ""),
            ("~/no-such-*.conf", ""),
        ],
        |files| names(&reader, &format!("[include]\nfiles={files}\n")).join(" "),
    );
}

// configuration.rst: `files` knows the folder, the host and the environment.
#[test]
fn files_know_the_folder_the_host_and_the_environment() {
    let reader = Reader(Setup { env: &[("NAME", "a")], ..Setup::default() }.start());
    let host = nix::unistd::gethostname().unwrap().into_string().unwrap();
    reader.0.write("inc/a.conf", &named("a"));
    reader.0.write(&format!("inc/host-{host}.conf"), &named("host"));
    table(
        &[
            ("%(here)s/inc/a.conf", "a"),
            ("inc/%(ENV_NAME)s.conf", "a"),
            ("inc/host-%(host_node_name)s.conf", "host"),
        ],
        |files| names(&reader, &format!("[include]\nfiles={files}\n")).join(" "),
    );
    let reason = reader.refuses("[include]\nfiles=%(nope)s\n");
    let start = "Format string '%(nope)s' for 'include.files' contains names ('nope') which cannot be expanded. \
                 Available names: ";
    assert!(reason.starts_with(start) && reason.ends_with(", here, host_node_name"), "{reason}");
}

// undocumented: in an included file, `%(here)s` is the folder of that file.
#[test]
fn here_is_the_folder_of_each_file() {
    let reader = Reader::new();
    reader.0.write("inc/a.conf", &program("serverurl=%(here)s"));
    assert_eq!(
        reader.0.normalise(&text(&reader.value("[include]\nfiles=inc/a.conf\n", "serverurl"))),
        "HERE/inc"
    );
    assert_eq!(
        reader.0.normalise(&text(&reader.value(
            &format!("[include]\nfiles=inc/none.conf\n{}", program("serverurl=%(here)s")),
            "serverurl"
        ))),
        "HERE"
    );
}

// undocumented: with [include], `%(here)s` is known to all keys, even to those that do not know it otherwise.
#[test]
fn an_include_makes_the_folder_known_everywhere() {
    let reader = Reader::new();
    let server = "[inet_http_server]\nport=1\nusername=%(here)s\npassword=x\n";
    assert!(reader.refuses(server).contains("contains names ('here')"));
    reader.reads(&format!("[include]\nfiles=\n{server}"));
}

// undocumented: errors name the included file.
#[test]
fn errors_name_the_included_file() {
    let reader = Reader::new();
    let included = |text: &str| {
        reader.0.write("inc.conf", text);
        reader.refuses("[include]\nfiles=inc.conf\n")
    };
    assert_eq!(
        included("[program:x]\ncommand=a\nstartsecs=b\n"),
        "invalid literal for int() with base 10: 'b' in section 'program:x' (file: 'HERE/inc.conf')"
    );
    assert_eq!(
        included("[program:x]\n\nfoo\n"),
        "Source contains parsing errors: 'HERE/inc.conf'\n\t[line  3]: 'foo\\n'"
    );
    assert_eq!(
        included("a=b\n"),
        "File contains no section headers.\nfile: 'HERE/inc.conf', line: 1\n'a=b\\n'"
    );
}

// undocumented: a section that stands in two files is said to be in the first of them.
#[test]
fn a_section_belongs_to_its_first_file() {
    let reader = Reader::new();
    reader.0.write("inc.conf", "[program:x]\nstartsecs=b\n");
    assert_eq!(
        reader.refuses(&format!("{}[include]\nfiles=inc.conf\n", program(""))),
        in_program("invalid literal for int() with base 10: 'b'")
    );
}

// undocumented: a file that cannot be read is skipped.
#[test]
fn what_cannot_be_read_is_skipped() {
    let reader = Reader::new();
    fs::create_dir(reader.0.path("folder.conf")).unwrap();
    std::os::unix::fs::symlink("nowhere", reader.0.path("dangling.conf")).unwrap();
    assert_eq!(names(&reader, &format!("[include]\nfiles=*.conf\n{}", named("a"))), ["a"]);
}

// undocumented: each file is told in the log, and a pattern without a match is warned of.
#[test]
fn included_files_are_told() {
    let setup = Setup {
        text: "[include]\nfiles=b.conf a.conf\n\n",
        files: &[("a.conf", "[program:x]\ncommand=/bin/cat\nautostart=false\n"), ("b.conf", "")],
        ..Setup::default()
    };
    let bed = setup.start();
    bed.logs("INFO Included extra file \"HERE/a.conf\" during parsing");
    let log = bed.log();
    let at = |line: &str| log.find(line).unwrap_or_else(|| panic!("no {line} in {log}"));
    assert!(
        at("INFO Included extra file \"HERE/b.conf\" during parsing")
            < at("INFO Included extra file \"HERE/a.conf\" during parsing")
    );
    let bed = TestBed::new("[include]\nfiles=no/such/*.conf\n");
    bed.logs("WARN No file matches via include \"HERE/no/such/*.conf\"");
}

// undocumented: a file that two patterns match is read twice, which changes nothing but the order.
#[test]
fn a_file_may_be_matched_twice() {
    let reader = Reader::new();
    reader.0.write("inc/a.conf", &program("serverurl=a"));
    reader.0.write("inc/b.conf", "[program:x]\nserverurl=b\n");
    assert_eq!(one(reader.reads("[include]\nfiles=inc/*.conf inc/a.conf\n"), "serverurl"), "a".into());
}

// undocumented: what the included files say may be all there is.
#[test]
fn a_main_file_may_only_include() {
    let reader = Reader::new();
    reader.0.write("daemon.conf", &format!("[supervisord]\n{}", named("a")));
    assert_eq!(one(reader.reads_file("[include]\nfiles=daemon.conf\n"), "name"), "a".into());
}
