//! Tables with box lines.

/// Whether a cell is good news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Bad,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// Neither good nor bad.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }

    /// Good above nought, bad below.
    pub(crate) fn toned(text: impl Into<String>, value: Option<f64>) -> Self {
        let tone = match value {
            Some(value) if value > 0.0 => Tone::Good,
            Some(value) if value < 0.0 => Tone::Bad,
            _ => Tone::Plain,
        };
        Self { text: text.into(), tone }
    }
}

/// Where a column's cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table with a title.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    title: &'static str,
    columns: Vec<(String, Align)>,
    /// A rule where there are no cells.
    rows: Vec<Option<Vec<Cell>>>,
}

impl Grid {
    /// Without rows yet.
    pub(crate) fn new(title: &'static str, columns: Vec<(String, Align)>) -> Self {
        Self { title, columns, rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(Some(cells));
    }

    /// Adds a line across.
    pub(crate) fn rule(&mut self) {
        self.rows.push(None);
    }

    /// The table, a line each; the title stands in the middle above.
    pub(crate) fn draw(&self, colours: bool) -> String {
        let widths: Vec<_> = self.widths();
        let whole: usize = widths.iter().map(|width| width + 3).sum::<usize>() + 1;
        let indent = whole.saturating_sub(self.title.chars().count()) / 2;
        let line = |left: char, cross: char, right: char| {
            let parts: Vec<_> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
            format!("{left}{}{right}\n", parts.join(&cross.to_string()))
        };
        let mut text = format!("{:indent$}{}\n", "", self.title);
        text += &line('┌', '┬', '┐');
        let headings: Vec<_> = self.columns.iter().map(|(name, _)| Cell::plain(name)).collect();
        text += &self.drawn(&headings, &widths, false);
        text += &line('├', '┼', '┤');
        for row in &self.rows {
            match row {
                Some(cells) => text += &self.drawn(cells, &widths, colours),
                None => text += &line('├', '┼', '┤'),
            }
        }
        text += &line('└', '┴', '┘');
        text
    }

    fn widths(&self) -> Vec<usize> {
        let widest = |(n, (name, _)): (usize, &(String, Align))| {
            let cells = self.rows.iter().flatten().filter_map(|cells| cells.get(n));
            let cells = cells.map(|cell| cell.text.chars().count());
            cells.max().unwrap_or(0).max(name.chars().count())
        };
        self.columns.iter().enumerate().map(widest).collect()
    }

    fn drawn(&self, cells: &[Cell], widths: &[usize], colours: bool) -> String {
        let columns = cells.iter().zip(widths).zip(&self.columns);
        let drawn = columns.map(|((cell, width), (_, align))| {
            let Cell { text, tone } = cell;
            let padded = match align {
                Align::Left => format!(" {text:<width$} "),
                Align::Right => format!(" {text:>width$} "),
            };
            match (colours, tone) {
                (false, _) | (_, Tone::Plain) => padded,
                (true, Tone::Good) => format!("\x1b[32m{padded}\x1b[0m"),
                (true, Tone::Bad) => format!("\x1b[31m{padded}\x1b[0m"),
            }
        });
        format!("│{}│\n", drawn.collect::<Vec<_>>().join("│"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let columns = vec![("Pair".to_owned(), Align::Left), ("Profit".to_owned(), Align::Right)];
        let mut grid = Grid::new("REPORT", columns);
        grid.row(vec![Cell::plain("BTC/USDT"), Cell::toned("-1.5", Some(-1.5))]);
        grid.rule();
        grid.row(vec![Cell::plain("Σ"), Cell::toned("∞", Some(f64::INFINITY))]);
        grid
    }

    #[test]
    fn lines_meet() {
        let expected = [
            "       REPORT",
            "┌──────────┬────────┐",
            "│ Pair     │ Profit │",
            "├──────────┼────────┤",
            "│ BTC/USDT │   -1.5 │",
            "├──────────┼────────┤",
            "│ Σ        │      ∞ │",
            "└──────────┴────────┘",
        ];
        assert_eq!(grid().draw(false).lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn colours_change_no_width() {
        let coloured = grid().draw(true);
        assert!(coloured.contains("\x1b[31m   -1.5 \x1b[0m") && coloured.contains("\x1b[32m"));
        let bare = ["\x1b[31m", "\x1b[32m", "\x1b[0m"];
        let bare = bare.iter().fold(coloured, |text, code| text.replace(code, ""));
        assert_eq!(bare, grid().draw(false));
    }
}
