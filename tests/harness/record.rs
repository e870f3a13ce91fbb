//! What the program `talker` writes down of itself.

/// How much a run of it has said so far, at the least; the line that it says now is not in it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Lines on stdout.
    pub stdout: u64,
    /// Lines on stderr.
    pub stderr: u64,
    /// It has said all that it will say.
    pub has_ended: bool,
    /// It is the child of a run that may have ended.
    pub is_heir: bool,
}

impl Record {
    /// The bytes of a record.
    pub const SIZE: u64 = 32;

    /// That of a child.
    pub const HEIR: Self = Self { stdout: 0, stderr: 0, has_ended: false, is_heir: true };

    /// So many lines are written at once, at most.
    pub const AT_ONCE: u64 = 16;

    /// As it stands in the file.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let numbers = [self.stdout, self.stderr, self.has_ended.into(), self.is_heir.into()];
        for (place, number) in bytes.chunks_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// All records of a file.
    pub fn all(bytes: &[u8]) -> Vec<Self> {
        let number = |place: &[u8]| u64::from_le_bytes(place.try_into().unwrap_or_default());
        let record = |bytes: &[u8]| Self {
            stdout: number(&bytes[..8]),
            stderr: number(&bytes[8..16]),
            has_ended: number(&bytes[16..24]) != 0,
            is_heir: number(&bytes[24..]) != 0,
        };
        bytes.chunks_exact(32).map(record).collect()
    }
}
