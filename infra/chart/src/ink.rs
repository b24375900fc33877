//! What is drawn in which colour. Profit is blue and loss is orange, which people with any kind of
//! colour blindness tell apart; candles are grey, so that trades stand out.

/// A role that has a colour: on the page its class's, light or dark; in the picture [`Ink::rgb`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Text,
    Muted,
    Grid,
    Equity,
    Hold,
    Up,
    Down,
    Gain,
    Loss,
    Hole,
}

impl Ink {
    /// Its class on the page.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Text => "ink",
            Self::Muted => "muted",
            Self::Grid => "grid",
            Self::Equity => "equity",
            Self::Hold => "hold",
            Self::Up => "up",
            Self::Down => "down",
            Self::Gain => "gain",
            Self::Loss => "loss",
            Self::Hole => "hole",
        }
    }

    /// Its colour on white, equal to the light one of `page.css`.
    pub(crate) const fn rgb(self) -> [u8; 3] {
        match self {
            Self::Text => [0x1b, 0x24, 0x2e],
            Self::Muted => [0x5a, 0x66, 0x73],
            Self::Grid => [0xe4, 0xe8, 0xec],
            Self::Equity => [0x25, 0x3f, 0x73],
            Self::Hold => [0x8a, 0x95, 0xa1],
            Self::Up => [0xa3, 0xaf, 0xbb],
            Self::Down => [0x5c, 0x68, 0x75],
            Self::Gain => [0x00, 0x72, 0xb2],
            Self::Loss => [0xd5, 0x5e, 0x00],
            Self::Hole => [0xe9, 0xd8, 0xa6],
        }
    }

    /// Of a profit or a loss.
    pub(crate) fn of(profit: f64) -> Self {
        if profit < 0.0 { Self::Loss } else { Self::Gain }
    }
}
