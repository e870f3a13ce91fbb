//! What a terminal shows: enough of one for the line editors of shells.

/// The lines seen after a program has written this, without the blanks at their ends.
pub(super) fn show(written: &str) -> String {
    let mut screen = Screen::default();
    let mut rest = written.chars();
    while let Some(char) = rest.next() {
        match char {
            '\r' => screen.column = 0,
            '\n' => screen.row += 1,
            '\u{8}' => screen.column = screen.column.saturating_sub(1),
            '\t' => screen.column = (screen.column / 8 + 1) * 8,
            '\u{1b}' => screen.escape(&mut rest),
            char if char.is_control() => {}
            char => screen.put(char),
        }
    }
    let lines: Vec<String> =
        screen.lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect();
    // The empty line that the cursor is on is seen as the end of the one before.
    let below = screen.row.saturating_sub(lines.len().saturating_sub(1));
    format!("{}{}", lines.join("\n"), "\n".repeat(below))
}

#[derive(Default)]
struct Screen {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    fn line(&mut self) -> &mut Vec<char> {
        if self.lines.len() <= self.row {
            self.lines.resize(self.row + 1, Vec::new());
        }
        &mut self.lines[self.row]
    }

    fn put(&mut self, char: char) {
        let column = self.column;
        let line = self.line();
        if line.len() <= column {
            line.resize(column + 1, ' ');
        }
        line[column] = char;
        self.column += 1;
    }

    /// What stands behind an ESC.
    fn escape(&mut self, rest: &mut std::str::Chars) {
        match rest.next() {
            Some('[') => {
                let mut parameters = String::new();
                for char in rest {
                    if ('@'..='~').contains(&char) {
                        return self.control(char, &parameters);
                    }
                    parameters.push(char);
                }
            }
            // The title of the window.
            Some(']') => while rest.next().is_some_and(|char| char != '\u{7}') {},
            _ => {}
        }
    }

    fn control(&mut self, command: char, parameters: &str) {
        let count = parameters.parse().unwrap_or(1);
        let column = self.column;
        match command {
            'A' => self.row = self.row.saturating_sub(count),
            'B' => self.row += count,
            'C' => self.column += count,
            'D' => self.column = self.column.saturating_sub(count),
            'G' => self.column = count - 1,
            'K' if parameters.is_empty() || parameters == "0" => self.line().truncate(column),
            'K' => self.line().clear(),
            'J' if parameters.is_empty() || parameters == "0" => {
                self.line().truncate(column);
                let row = self.row;
                self.lines.truncate(row + 1);
            }
            'H' => (self.row, self.column) = (0, 0),
            'J' => self.lines.clear(),
            'P' => {
                let line = self.line();
                line.drain(column.min(line.len())..(column + count).min(line.len()));
            }
            '@' => {
                let line = self.line();
                let at = column.min(line.len());
                line.splice(at..at, std::iter::repeat_n(' ', count));
            }
            // Colours, modes, questions.
            _ => {}
        }
    }
}
