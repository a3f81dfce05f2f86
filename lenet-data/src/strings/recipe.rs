//! The ranges of everything random in a line.

/// What lines are composed of. A pair of numbers is a range, from the first to the second, drawn from uniformly; a single
/// number that is called a probability is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StringRecipe {
    /// How many digits a line has, both included. Those that do not fit into its width are left out, from its end.
    pub digits: [usize; 2],
    /// The probability of a line without any digit.
    pub empty: f32,
    /// The probability that a line is neat instead: its digits are much as they are, at small distances or overlapping, and
    /// nothing else is on the paper. What is easy is learned first, and makes what is hard easier to learn.
    pub neat: f32,
    /// The distance between neighbours.
    pub spacing: Spacing,
    /// How the digits are written.
    pub hand: Hand,
    /// What else is on the paper.
    pub clutter: Clutter,
    /// Contrast, blur and noise.
    pub finish: Finish,
}

/// The distance between neighbouring digits. A column or a pixel has ink from level [`INK`](super::INK) on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spacing {
    /// So many columns are without ink between the last column of a digit and the first of the next, drawn for each gap.
    /// A negative number: the two digits share so many columns, at most all of the narrower one.
    Columns([i32; 2]),
    /// The next digit comes so close that in the row where the two are closest, so many pixels are without ink between
    /// them, drawn for each gap. The rows above and below count too: 0 is ink that touches, if only at a corner. The
    /// digits share no more than three quarters of the columns of the narrower one, even if they do not touch then.
    Ink([i32; 2]),
    /// As people write: as `Ink`, but the gap is drawn once for a line, and each gap is more or less than that.
    Written {
        /// The gap of a line. Small ones are more frequent: it is the first plus the difference times a uniform number's cube.
        gap: [f32; 2],
        /// The standard deviation of the gaps of a line, in pixels. None is less than the first of `gap` by more than this.
        deviation: f32,
        /// The probability that digits come in groups, with a wide gap between them.
        groups: f32,
    },
}

/// How digits are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hand {
    /// The rows from the top of the highest digit to the bottom of the lowest: at most 28.
    pub height: [f32; 2],
    /// By how many rows their middle is off the middle of the line, at most, up or down.
    pub off_centre: f32,
    /// By how much a digit is smaller than the largest, at most, as a part of its height. How much it is on a line is drawn
    /// for the line.
    pub uneven: f32,
    /// The probability that all 0s of a line are small.
    pub small_zeros: f32,
    /// The factor of a line's widths.
    pub stretch: [f32; 2],
    /// By what part a digit's stretch differs from its line's, at most.
    pub digit_stretch: f32,
    /// By how many columns the digits lean to the right for each row.
    pub slant: [f32; 2],
    /// By how much a digit's slant differs from its line's, at most.
    pub digit_slant: f32,
    /// By how many pixels of its picture a digit is bent, at most: its rows are shifted by smooth waves.
    pub wave: f32,
    /// By what part of a digit's height the last digit is higher or lower than the first, at most.
    pub rise: f32,
    /// The standard deviation of a digit's height above the base line, as a part of its height.
    pub bounce: f32,
    /// The probability that a line is written with one pen: the strokes of all its digits are made equally wide.
    pub even_pen: f32,
    /// The width of that pen's strokes, in pixels.
    pub pen: [f32; 2],
    /// The probability that two digits which are close to each other are joined by a stroke, on the lines of people who do so.
    pub joined: f32,
    /// The probability of small breaks in the strokes of a line.
    pub broken: f32,
    /// The probability that a line is European: its 7s are crossed, and its 1s have a long stroke up or a bar below.
    pub european: f32,
    /// The probability that the 0s of a line are crossed.
    pub crossed_zeros: f32,
    /// The probability that a line has several 0s after each other, as round amounts do. They are joined more often than
    /// other digits.
    pub round: f32,
    /// The probability that a digit is the same as the one before.
    pub repeated: f32,
}

impl Hand {
    /// Every digit 25 rows high, upright and otherwise as it is.
    pub const PLAIN: Self = Self {
        height: [25.0, 25.0],
        off_centre: 0.0,
        uneven: 0.0,
        small_zeros: 0.0,
        stretch: [1.0, 1.0],
        digit_stretch: 0.0,
        slant: [0.0, 0.0],
        digit_slant: 0.0,
        wave: 0.0,
        rise: 0.0,
        bounce: 0.0,
        even_pen: 0.0,
        pen: [2.5, 2.5],
        joined: 0.0,
        broken: 0.0,
        european: 0.0,
        crossed_zeros: 0.0,
        round: 0.0,
        repeated: 0.0,
    };

    /// As people write.
    pub const WRITTEN: Self = Self {
        height: [20.0, 28.0],
        off_centre: 1.8,
        uneven: 0.35,
        small_zeros: 0.12,
        stretch: [0.7, 1.3],
        digit_stretch: 0.12,
        slant: [-0.2, 0.45],
        digit_slant: 0.06,
        wave: 1.0,
        rise: 0.2,
        bounce: 0.04,
        even_pen: 0.75,
        pen: [1.4, 5.0],
        joined: 0.5,
        broken: 0.12,
        european: 0.5,
        crossed_zeros: 0.06,
        round: 0.2,
        repeated: 0.1,
    };
}

/// The probabilities of marks that are not to be read, each for a line. On lines without digits they are twice as frequent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clutter {
    /// Points, commas or apostrophes between groups of digits.
    pub points: f32,
    /// Dashes, `=` or `.-` before or after the digits.
    pub dashes: f32,
    /// A `-` between two digits.
    pub hyphens: f32,
    /// A small cross or asterisk before or after the digits.
    pub crosses: f32,
    /// A scribble like the sign of a currency before the digits.
    pub scribbles: f32,
    /// A letter or a sign before or after the digits, of those that look like no digit.
    pub letters: f32,
    /// Words in place of the digits: then there are none.
    pub words: f32,
    /// Ruled lines, under the digits or through them.
    pub rules: f32,
    /// Boxes and combs around the digits.
    pub boxes: f32,
    /// Fine wavy lines of low contrast, as on cheques.
    pub guilloche: f32,
    /// Parts of the lines above and below.
    pub neighbours: f32,
    /// Specks.
    pub specks: f32,
}

impl Clutter {
    /// Nothing but digits.
    pub const NONE: Self = Self {
        points: 0.0,
        dashes: 0.0,
        hyphens: 0.0,
        crosses: 0.0,
        scribbles: 0.0,
        letters: 0.0,
        words: 0.0,
        rules: 0.0,
        boxes: 0.0,
        guilloche: 0.0,
        neighbours: 0.0,
        specks: 0.0,
    };

    /// As on cheques, forms and notes.
    pub const FORMS: Self = Self {
        points: 0.22,
        dashes: 0.18,
        hyphens: 0.05,
        crosses: 0.05,
        scribbles: 0.02,
        letters: 0.06,
        words: 0.05,
        rules: 0.18,
        boxes: 0.1,
        guilloche: 0.1,
        neighbours: 0.1,
        specks: 0.12,
    };
}

/// What becomes of the picture of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finish {
    /// The level of full ink, as a part of 255.
    pub level: [f32; 2],
    /// By what part the ink of a digit is fainter than its line's, at most.
    pub digit_level: f32,
    /// The probability that edges are made sharp, as where a scan was made black and white.
    pub sharp: f32,
    /// The probability of blur.
    pub blur: f32,
    /// The probability of noise.
    pub noise: f32,
    /// The largest amount of noise, as a part of 255.
    pub noise_level: f32,
}

impl Finish {
    /// The picture stays as it was drawn.
    pub const NONE: Self =
        Self { level: [1.0, 1.0], digit_level: 0.0, sharp: 0.0, blur: 0.0, noise: 0.0, noise_level: 0.0 };

    /// As scans and photographs are.
    pub const SCANNED: Self =
        Self { level: [0.8, 1.0], digit_level: 0.2, sharp: 0.2, blur: 0.35, noise: 0.25, noise_level: 0.12 };
}

impl StringRecipe {
    /// As people write, for training: all variety, and clutter.
    pub const WRITTEN: Self = Self {
        digits: [1, 12],
        empty: 0.02,
        neat: 0.4,
        spacing: Spacing::Written { gap: [-1.5, 36.0], deviation: 1.3, groups: 0.08 },
        hand: Hand::WRITTEN,
        clutter: Clutter::FORMS,
        finish: Finish::SCANNED,
    };

    /// What neat lines are composed by: one of these.
    pub(super) const NEAT: [Self; 3] = [
        Self::neat(Spacing::Ink([-1, 1])),
        Self::neat(Spacing::Columns([-4, 0])),
        Self::neat(Spacing::Columns([0, 8])),
    ];

    const fn neat(spacing: Spacing) -> Self {
        Self {
            digits: [1, 12],
            empty: 0.0,
            neat: 0.0,
            spacing,
            hand: Hand {
                height: [23.0, 27.0],
                off_centre: 1.0,
                uneven: 0.12,
                stretch: [0.85, 1.2],
                digit_stretch: 0.12,
                slant: [-0.2, 0.2],
                digit_slant: 0.1,
                wave: 1.0,
                even_pen: 0.4,
                pen: [1.6, 4.2],
                round: 0.1,
                repeated: 0.05,
                ..Hand::PLAIN
            },
            clutter: Clutter::NONE,
            finish: Finish::NONE,
        }
    }

    /// `digits` digits at given distances and nothing else, for measuring. Whoever follows these steps gets such lines:
    ///
    /// 1. The box around a digit's pixels of level [`INK`](super::INK) or more is enlarged, by bilinear interpolation, by
    ///    the factor that makes it 25 rows high, or by 25/16 if it has fewer than 16 rows.
    /// 2. Its middle is on the middle of the line's 32 rows.
    /// 3. The digits follow each other as `spacing` says. Where two overlap, the larger level counts.
    /// 4. The line begins at a column drawn uniformly from those at which it fits with 8 columns to spare on either side. If
    ///    it is too wide for that, digits are left out from its end.
    #[must_use]
    pub const fn plain(digits: usize, spacing: Spacing) -> Self {
        Self {
            digits: [digits, digits],
            empty: 0.0,
            neat: 0.0,
            spacing,
            hand: Hand::PLAIN,
            clutter: Clutter::NONE,
            finish: Finish::NONE,
        }
    }
}
