use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};

use tempfile::{TempDir, tempdir};

use super::*;

fn rotation(maxbytes: i64, backups: i64) -> Rotation {
    Rotation { maxbytes, backups }
}

fn open(folder: &TempDir, rotation: Rotation) -> LogFile {
    LogFile::open(&folder.path().join("log"), rotation, Access::default()).expect("the folder is there")
}

fn files(folder: &TempDir) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).expect("the folder is there").flatten();
    let name = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let text = |entry: &fs::DirEntry| fs::read_to_string(entry.path()).unwrap_or_default();
    entries.map(|entry| (name(&entry), text(&entry))).collect()
}

fn expect(folder: &TempDir, expected: &[(&str, &str)]) {
    let expected = expected.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect();
    assert_eq!(files(folder), expected);
}

/// Writes `a`s, then `b`s, … of these lengths.
fn write_letters(log: &mut LogFile, lengths: &[usize]) {
    for (letter, &length) in (b'a'..).zip(lengths) {
        assert_eq!(log.write(&vec![letter; length], Instant::now()), None);
    }
}

#[test]
fn rotates_as_the_original() {
    let folder = tempdir().expect("a folder");
    write_letters(&mut open(&folder, rotation(10, 2)), &[5; 7]);
    expect(&folder, &[("log", "ggggg"), ("log.1", "eeeeefffff"), ("log.2", "cccccddddd")]);

    let folder = tempdir().expect("a folder");
    write_letters(&mut open(&folder, rotation(10, 1)), &[30, 1, 9, 1]);
    expect(&folder, &[("log", "d"), ("log.1", "bccccccccc")]);

    let folder = tempdir().expect("a folder");
    write_letters(&mut open(&folder, rotation(10, 3)), &[10; 5]);
    let rotated = |letter: &str| letter.repeat(10);
    expect(
        &folder,
        &[("log", ""), ("log.1", &rotated("e")), ("log.2", &rotated("d")), ("log.3", &rotated("c"))],
    );
}

#[test]
fn without_backups_the_file_is_emptied() {
    let folder = tempdir().expect("a folder");
    write_letters(&mut open(&folder, rotation(10, 0)), &[5, 5, 5, 12, 3]);
    expect(&folder, &[("log", "eee")]);
}

#[test]
fn without_maximum_nothing_rotates() {
    for maxbytes in [0, -1] {
        let folder = tempdir().expect("a folder");
        write_letters(&mut open(&folder, rotation(maxbytes, 3)), &[50]);
        expect(&folder, &[("log", &"a".repeat(50))]);
    }
}

#[test]
fn gaps_among_the_backups_stay_gaps() {
    let folder = tempdir().expect("a folder");
    fs::write(folder.path().join("log.1"), "old1").expect("written");
    fs::write(folder.path().join("log.3"), "old3").expect("written");
    write_letters(&mut open(&folder, rotation(10, 4)), &[10]);
    expect(&folder, &[("log", ""), ("log.1", "aaaaaaaaaa"), ("log.2", "old1"), ("log.4", "old3")]);
}

#[test]
fn a_file_found_too_long_is_rotated_after_the_first_write() {
    let folder = tempdir().expect("a folder");
    fs::write(folder.path().join("log"), "o".repeat(20)).expect("written");
    let mut log = open(&folder, rotation(10, 4));
    expect(&folder, &[("log", &"o".repeat(20))]);
    write_letters(&mut log, &[1]);
    expect(&folder, &[("log", ""), ("log.1", "ooooooooooooooooooooa")]);
}

#[test]
fn a_file_removed_by_others_does_not_stop_the_rotation() {
    let folder = tempdir().expect("a folder");
    let mut log = open(&folder, rotation(10, 2));
    fs::remove_file(log.path()).expect("removed");
    write_letters(&mut log, &[10, 3]);
    expect(&folder, &[("log", "bbb")]);
}

#[test]
fn a_log_that_cannot_be_rotated_grows_until_it_can() {
    let folder = tempdir().expect("a folder");
    let mut log = open(&folder, rotation(10, 2));
    fs::create_dir(folder.path().join("log.1")).expect("created");
    fs::write(folder.path().join("log.1/full"), "").expect("written");
    // The folder can become `.2`, what is in its way there cannot be replaced.
    fs::create_dir(folder.path().join("log.2")).expect("created");
    fs::write(folder.path().join("log.2/full"), "").expect("written");
    let start = Instant::now();
    assert_eq!(log.write(b"0123456789", start), Some(Note::NotRotated(log.path.clone(), Errno::ENOTEMPTY)));
    assert_eq!(log.write(b"ab", start), None);
    assert_eq!(log.write(b"cd", start + RETRY), None);
    assert_eq!(fs::read_to_string(&log.path).expect("there"), "0123456789abcd");
    fs::remove_dir_all(folder.path().join("log.1")).expect("removed");
    fs::remove_dir_all(folder.path().join("log.2")).expect("removed");
    assert_eq!(log.write(b"ef", start + 2 * RETRY), None);
    expect(&folder, &[("log", ""), ("log.1", "0123456789abcdef")]);
}

#[test]
fn an_unfinished_rotation_goes_on_where_it_stopped() {
    let folder = tempdir().expect("a folder");
    let mut log = open(&folder, rotation(10, 3));
    fs::write(folder.path().join("log.1"), "old").expect("written");
    let start = Instant::now();
    log.rotating = Some(Rotating { next: Step::Open, retry: start });
    assert_eq!(log.write(b"0123456789", start), None);
    // Nothing was shifted again, the file was opened anew.
    expect(&folder, &[("log", "0123456789"), ("log.1", "old")]);
}

#[test]
fn a_full_disk_is_told_once_and_the_loss_when_it_is_over() {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("log");
    symlink("/dev/full", &path).expect("linked");
    let mut log = open(&folder, rotation(10, 2));
    let start = Instant::now();
    assert_eq!(log.write(b"lost", start), Some(Note::Failing(log.path.clone(), Errno::ENOSPC)));
    assert_eq!(log.write(b"lost", start), None);
    assert_eq!(log.write(b"lost", start + RETRY), None);
    fs::remove_file(&path).expect("removed");
    assert_eq!(log.write(b"lost", start + RETRY), None, "not tried before its time");
    assert_eq!(log.write(b"kept", start + 2 * RETRY), Some(Note::Resumed(log.path.clone(), 16)));
    expect(&folder, &[("log", "kept")]);
}

#[test]
fn a_vanished_folder_stops_nothing() {
    let folder = tempdir().expect("a folder");
    let sub = folder.path().join("sub");
    fs::create_dir(&sub).expect("created");
    let mut log =
        LogFile::open(&sub.join("log"), rotation(4, 1), Access::default()).expect("the folder is there");
    fs::remove_dir_all(&sub).expect("removed");
    let start = Instant::now();
    // The file lives on without a name, but cannot be rotated.
    assert_eq!(log.write(b"gone", start), Some(Note::NotRotated(log.path.clone(), Errno::ENOENT)));
    assert_eq!(log.write(b"gone", start), None);
    fs::create_dir(&sub).expect("created");
    assert_eq!(log.write(b"more", start + RETRY), None);
    assert_eq!(log.write(b"here", start + RETRY), None);
    assert_eq!(fs::read_to_string(sub.join("log.1")).expect("there"), "here");
}

#[test]
fn the_notes_are_sentences() {
    let path: Box<Path> = Path::new("/log").into();
    let said = |note: Note| note.to_string();
    assert_eq!(
        said(Note::Failing(path.clone(), Errno::ENOSPC)),
        "log /log cannot be written, output is being lost: No space left on device"
    );
    assert_eq!(
        said(Note::Failing(path.clone(), Errno::EAGAIN)),
        "log /log is not read fast enough, output is being lost"
    );
    assert_eq!(said(Note::Resumed(path.clone(), 16)), "log /log is written again, 16 bytes were lost");
    assert_eq!(
        said(Note::NotRotated(path, Errno::EACCES)),
        "log /log cannot be rotated and grows: Permission denied"
    );
}

fn fifo(folder: &TempDir) -> std::path::PathBuf {
    let path = folder.path().join("log");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("made");
    path
}

fn reader(path: &Path) -> fs::File {
    fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).expect("a reader")
}

fn drain(reader: &mut fs::File) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Ends with EAGAIN when the pipe is empty.
    let _ = reader.read_to_end(&mut bytes);
    bytes
}

#[test]
fn a_pipe_never_rotates_and_is_never_cleared() {
    let folder = tempdir().expect("a folder");
    let path = fifo(&folder);
    let mut reader = reader(&path);
    let mut log = open(&folder, rotation(4, 2));
    write_letters(&mut log, &[10, 10]);
    assert_eq!(drain(&mut reader), b"aaaaaaaaaabbbbbbbbbb");
    assert_eq!(log.clear(Instant::now()).expect("nothing to do"), None);
    assert!(fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()));
    write_letters(&mut log, &[1]);
    assert_eq!(drain(&mut reader), b"a");
}

#[test]
fn a_pipe_without_reader_does_not_wait_for_one() {
    let folder = tempdir().expect("a folder");
    let path = fifo(&folder);
    let mut log = open(&folder, Rotation::default());
    let start = Instant::now();
    assert_eq!(log.write(b"lost", start), Some(Note::Failing(log.path.clone(), Errno::ENXIO)));
    let mut reader = reader(&path);
    assert_eq!(log.write(b"kept", start + RETRY), Some(Note::Resumed(log.path.clone(), 4)));
    assert_eq!(drain(&mut reader), b"kept");
    drop(reader);
    assert_eq!(log.write(b"lost", start + RETRY), Some(Note::Failing(log.path.clone(), Errno::EPIPE)));
}

#[test]
fn a_slow_reader_loses_nothing_up_to_a_limit_and_then_one_part() {
    let folder = tempdir().expect("a folder");
    let path = fifo(&folder);
    let mut reader = reader(&path);
    let mut log = open(&folder, Rotation::default());
    let now = Instant::now();
    let chunk = |number: u8| vec![number; 100_000];
    let mut written = Vec::new();
    let mut notes = Vec::new();
    for number in 0..20 {
        let note = log.write(&chunk(number), now);
        if note.is_none() && notes.is_empty() {
            written.extend(chunk(number));
        }
        notes.extend(note);
    }
    assert_eq!(notes, [Note::Failing(log.path.clone(), Errno::EAGAIN)]);
    assert!(log.is_backlogged());
    let mut read = Vec::new();
    let mut resumed = None;
    while log.is_backlogged() {
        read.extend(drain(&mut reader));
        resumed = resumed.or(log.flush(now));
    }
    read.extend(drain(&mut reader));
    assert!(read.starts_with(&written));
    let lost = 20 * 100_000 - read.len() as u64;
    assert_eq!(resumed, Some(Note::Resumed(log.path.clone(), lost)));
    assert_eq!(log.write(b"end", now), None);
    assert_eq!(drain(&mut reader), b"end");
}

#[test]
fn reopening_follows_a_moved_file() {
    let folder = tempdir().expect("a folder");
    let mut log = open(&folder, Rotation::default());
    write_letters(&mut log, &[3]);
    fs::rename(&log.path, folder.path().join("moved")).expect("moved");
    write_letters(&mut log, &[2]);
    assert_eq!(log.reopen(Instant::now()), None);
    write_letters(&mut log, &[1]);
    expect(&folder, &[("log", "a"), ("moved", "aaaaa")]);
}

#[test]
fn clearing_removes_the_file_and_creates_it_anew() {
    let folder = tempdir().expect("a folder");
    let mut log = open(&folder, rotation(10, 2));
    write_letters(&mut log, &[10, 3]);
    assert_eq!(log.clear(Instant::now()).expect("cleared"), None);
    expect(&folder, &[("log", ""), ("log.1", "aaaaaaaaaa")]);
    fs::remove_file(&log.path).expect("removed");
    assert_eq!(log.clear(Instant::now()).expect("a missing file is fine"), None);
    write_letters(&mut log, &[1]);
    expect(&folder, &[("log", "a"), ("log.1", "aaaaaaaaaa")]);
}

#[test]
fn clearing_a_link_empties_the_file_behind_it() {
    let folder = tempdir().expect("a folder");
    fs::write(folder.path().join("real"), "old").expect("written");
    symlink("real", folder.path().join("log")).expect("linked");
    let mut log = open(&folder, Rotation::default());
    assert_eq!(log.clear(Instant::now()).expect("cleared"), None);
    write_letters(&mut log, &[1]);
    expect(&folder, &[("log", "a"), ("real", "a")]);
    assert!(log.path.is_symlink());
}

#[test]
fn mode_and_owner_are_applied_at_creation_rotation_and_clearing() {
    let folder = tempdir().expect("a folder");
    let user = nix::unistd::geteuid().as_raw();
    let access = Access { mode: Some(0o662), owner: Some((user, None)) };
    let path = folder.path().join("log");
    let mut log = LogFile::open(&path, rotation(5, 1), access).expect("opened");
    let mode = || fs::metadata(&path).expect("there").permissions().mode() & 0o7777;
    assert_eq!(mode(), 0o662);
    write_letters(&mut log, &[5, 1]);
    assert_eq!(mode(), 0o662);
    assert_eq!(log.clear(Instant::now()).expect("cleared"), None);
    assert_eq!(mode(), 0o662);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
    assert_eq!(log.reopen(Instant::now()), None);
    assert_eq!(mode(), 0o662);
    assert_eq!(fs::metadata(&path).expect("there").uid(), user);
}

/// How many bytes are written, and how many more the file has on the disk.
fn excess(log: &LogFile) -> (u64, u64) {
    let file = fs::metadata(&log.path).expect("there");
    (file.len(), (file.blocks() * 512).saturating_sub(file.len()))
}

#[test]
fn a_flood_has_room_reserved_in_a_large_file_only() {
    let folder = tempdir().expect("a folder");
    let file_system = nix::sys::statfs::statfs(folder.path()).expect("a file system").filesystem_type();
    let mut log = open(&folder, Rotation::default());
    let (mut most, part) = (0, vec![b'x'; 250_000]);
    for count in 1..=300 {
        assert_eq!(log.write(&part, Instant::now()), None);
        let (length, excess) = excess(&log);
        assert_eq!(length, count * 250_000, "reserved room is no part of the file");
        let largest = if length > 64 * 1024 * 1024 { 1_100_000 } else { 100_000 };
        assert!(excess < largest, "{excess} bytes more than the {length} written");
        most = most.max(excess);
    }
    if file_system == nix::sys::statfs::EXT4_SUPER_MAGIC {
        assert!(most > 500_000, "only {most} bytes were reserved");
    }
    assert!(fs::read(&log.path).expect("read").iter().all(|&byte| byte == b'x'));
}

#[test]
fn single_lines_have_no_room_reserved() {
    let folder = tempdir().expect("a folder");
    let mut log = open(&folder, Rotation::default());
    fs::write(&log.path, vec![b'x'; 80_000_000]).expect("written");
    for _ in 0..100 {
        write_letters(&mut log, &[100]);
    }
    let (length, excess) = excess(&log);
    assert_eq!(length, 80_010_000);
    assert!(excess < 100_000, "{excess} bytes more than were written");
}

#[test]
fn a_file_that_is_truncated_amid_a_flood_goes_on_from_its_beginning() {
    let folder = tempdir().expect("a folder");
    let mut log = open(&folder, Rotation::default());
    write_letters(&mut log, &[1_000_000; 80]);
    fs::File::options().write(true).open(&log.path).and_then(|file| file.set_len(0)).expect("truncated");
    assert_eq!(excess(&log), (0, 0), "the room goes with what was written");
    write_letters(&mut log, &[100_000; 3]);
    assert_eq!(
        fs::read(&log.path).expect("read"),
        [[b'a'; 100_000], [b'b'; 100_000], [b'c'; 100_000]].concat()
    );
}

#[test]
fn knows_how_far_it_is_to_the_next_multiple() {
    let folder = tempdir().expect("a folder");
    let mut log = open(&folder, rotation(200, 1));
    let mut left = Vec::new();
    for count in [30, 50, 20, 101] {
        write_letters(&mut log, &[count]);
        left.push(log.up_to_multiple(100));
    }
    assert_eq!(left, [70, 20, 100, 100], "the last write has rotated it");
    let path = folder.path().join("found");
    fs::write(&path, "with 20 bytes in it.").expect("written");
    let mut found = LogFile::open(&path, Rotation::default(), Access::default()).expect("opened");
    write_letters(&mut found, &[10]);
    assert_eq!(found.up_to_multiple(100), 70);
    let null = LogFile::open(Path::new("/dev/null"), Rotation::default(), Access::default());
    assert_eq!(null.expect("opened").up_to_multiple(100), 100);
}
