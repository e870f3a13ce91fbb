//! echo_supervisord_conf prints a sample.

use harness::{Output, Setup, echo_supervisord_conf, text};

use super::folder;

fn sample(words: &[&str]) -> Output {
    let bed = folder();
    bed.finish(bed.command(&echo_supervisord_conf(), words.iter().copied()), "")
}

// installing.rst, "Creating a Configuration File": "This will print a "sample" Supervisor configuration file to your terminal's stdout."
#[test]
fn the_sample_is_printed() {
    let output = sample(&[]);
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    for section in [
        "[unix_http_server]",
        "[inet_http_server]",
        "[supervisord]",
        "[rpcinterface:supervisor]",
        "[supervisorctl]",
        "[program:theprogramname]",
        "[eventlistener:theeventlistenername]",
        "[group:thegroupname]",
        "[include]",
    ] {
        assert!(output.stdout.contains(section), "no {section} in {}", output.stdout);
    }
}

// undocumented: there are no options.
#[test]
fn arguments_are_ignored() {
    let output = sample(&[]);
    for words in [&["-h"][..], &["--nope", "foo"]] {
        assert_eq!(sample(words), output);
    }
}

// The sample is a configuration, as it is but for the places of its files.
#[test]
fn the_sample_can_be_run() {
    let sample = sample(&[]).stdout.replace("/tmp", "{here}");
    let bed = Setup { text: &sample, bare: true, ..Setup::default() }.start();
    assert_eq!(text(&bed.ask("getIdentification", [])), "supervisor");
    assert_eq!(bed.ctl(["version"]).stdout, "4.3.0\n");
    assert_eq!(bed.ask("getAllProcessInfo", []), harness::Value::Array(vec![]));
}
