//! `lenet view`: pictures of the parts of the networks and of what they compute from digits.

use crate::args::Misuse;
use crate::args::data::DataArguments;
use crate::args::model::open_reader;
use crate::args::model::training_classes;
use crate::args::threads::{ThreadArguments, instruction_set};
use crate::draw::Drawing;
use crate::figures::curves::Curves;
use crate::figures::maps::Seen;
use crate::figures::model::{Model, Source};
use crate::figures::{codes, confusion, filters, maps, misses, reading};
use crate::report::{self, write_confusion};
use crate::run::folder::{read_metrics, read_record};
use crate::run::readings::read_set;
use crate::term::progress::message;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use lenet_data::{ClassNames, Picture, prepare};
use lenet_model::{Image, write_beside};
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct ViewArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The kernels of the convolutions, arranged as in Table I
    Filters(FiltersArguments),
    /// The output of every stage for one digit, as in fig. 2 of the paper
    Maps(MapsArguments),
    /// A line of digits, the outputs of the sweep over it and the path through them, as in figs. 24 to 28 of the paper
    Reading(ReadingArguments),
    /// The test digits that are misread
    Misses(TestArguments),
    /// Which test digits were read as which
    Confusion(TestArguments),
    /// Loss, errors and learning rate of a training run against epochs
    Curves(CurvesArguments),
    /// Make the report.html of a finished training run again, from the files in its folder
    Report(ReportArguments),
    /// The ten 7x12 bitmaps that the RBF output of lenet5-1998 compares F6 with
    Codes(Out),
}

#[derive(Args)]
struct FiltersArguments {
    /// A model that `lenet train` has written, its run folder, or a built-in one: lenet5 or modern [default: lenet5]
    model: Option<PathBuf>,
    #[command(flatten)]
    out: Out,
}

#[derive(Args)]
struct MapsArguments {
    /// A model that `lenet train` has written, its run folder, or a built-in one: lenet5 or modern [default: lenet5]
    model: Option<PathBuf>,
    /// A picture of a digit, instead of a test image
    file: Option<PathBuf>,
    /// Which image of the test set, counted from 0 [default: 0]
    #[arg(long, value_name = "N")]
    index: Option<u32>,
    #[command(flatten)]
    data: DataArguments,
    #[command(flatten)]
    out: Out,
}

#[derive(Args)]
struct ReadingArguments {
    /// A picture of one or more lines of digits
    file: PathBuf,
    /// A reader of lines, or its run folder [default: the built-in reader]
    #[arg(long, value_name = "FILE|RUN")]
    model: Option<PathBuf>,
    #[command(flatten)]
    out: Out,
}

#[derive(Args)]
struct TestArguments {
    /// A model that `lenet train` has written, its run folder, or a built-in one: lenet5 or modern [default: lenet5]
    model: Option<PathBuf>,
    #[command(flatten)]
    data: DataArguments,
    #[command(flatten)]
    threads: ThreadArguments,
    #[command(flatten)]
    out: Out,
}

#[derive(Args)]
struct CurvesArguments {
    /// The run folder that `lenet train` has written
    run: PathBuf,
    #[command(flatten)]
    out: Out,
}

#[derive(Args)]
struct ReportArguments {
    /// The run folder that `lenet train` has written
    run: PathBuf,
    // For data that have been moved since the run.
    #[command(flatten)]
    data: DataArguments,
    #[command(flatten)]
    threads: ThreadArguments,
}

/// Where to write a picture.
#[derive(Args)]
struct Out {
    /// The file of the picture, PNG or SVG by its extension [default: print characters to stdout]
    #[arg(long, value_name = "FILE.png|FILE.svg", value_parser = PictureFile::parse)]
    out: Option<PictureFile>,
}

#[derive(Clone, Debug)]
struct PictureFile {
    path: PathBuf,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Png,
    Svg,
}

impl PictureFile {
    fn parse(word: &str) -> Result<Self, String> {
        let path = PathBuf::from(word);
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        let form = match ending.as_deref() {
            Some("png") => Form::Png,
            Some("svg") => Form::Svg,
            _ => return Err("the file has to end in .png or .svg".into()),
        };
        Ok(PictureFile { path, form })
    }

    /// Writes a drawing with a margin around it.
    fn write(&self, drawing: Drawing) -> anyhow::Result<()> {
        const MARGIN: f64 = 16.0;
        let drawing = drawing.framed(MARGIN);
        let bytes = match self.form {
            Form::Png => drawing.png_file()?,
            Form::Svg => drawing.svg_file()?.into_bytes(),
        };
        write_beside(&self.path, &bytes).with_context(|| {
            format!("{}: can't be written: check that its folder is there and may be written to", self.path.display())
        })
    }
}

impl Out {
    /// Writes the drawing to the file, if one was given; otherwise calls `write` with stdout.
    fn show(
        &self,
        drawing: impl FnOnce() -> anyhow::Result<Drawing>,
        write: impl FnOnce(&mut io::StdoutLock<'_>) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        match &self.out {
            Some(file) => file.write(drawing()?),
            None => Ok(write(&mut io::stdout().lock())?),
        }
    }
}

pub(crate) fn run(arguments: &ViewArguments) -> anyhow::Result<()> {
    match &arguments.what {
        What::Filters(arguments) => show_filters(arguments),
        What::Maps(arguments) => show_maps(arguments),
        What::Reading(arguments) => show_reading(arguments),
        What::Misses(arguments) => show_misses(arguments),
        What::Confusion(arguments) => show_confusion(arguments),
        What::Curves(arguments) => show_curves(arguments),
        What::Report(arguments) => make_report(arguments),
        What::Codes(out) => out.show(|| Ok(codes::drawing()), |stdout| codes::write(stdout)),
    }
}

fn show_filters(arguments: &FiltersArguments) -> anyhow::Result<()> {
    let model = Model::open(arguments.model.as_deref())?;
    let banks = filters::banks(&*model.network()?);
    let drawing = || Ok(filters::drawing(&banks).headed(&format!("The kernels of {}", model.name), ""));
    arguments.out.show(drawing, |stdout| filters::write(stdout, &banks))
}

fn show_maps(arguments: &MapsArguments) -> anyhow::Result<()> {
    let (model, picture) = arguments.sources()?;
    instruction_set()?;
    let model = Model::open(model.as_deref())?;
    let (image, what, classes) = match picture {
        Some(path) => {
            let classes = training_classes(&model.checkpoint.description)?;
            let image = prepare(&Picture::open(&path)?).with_context(|| path.display().to_string())?.image;
            (image, path.file_name().unwrap_or_default().to_string_lossy().into_owned(), classes)
        }
        None => arguments.test_image()?,
    };
    let seen = Seen::of(&*model.network()?, &image, model.checkpoint.description.normalization);
    let title = format!("{what}, {}", seen.result(&classes));
    let by = format!("by {}", model.name);
    arguments.out.show(
        || Ok(maps::drawing(&seen).headed(&title, &by)),
        |stdout| maps::write(stdout, &format!("{title} {by}"), &seen),
    )
}

impl MapsArguments {
    /// The model and the picture, if given. Each may be left out, so the file extensions tell which is which.
    fn sources(&self) -> Result<(Option<PathBuf>, Option<PathBuf>), Misuse> {
        let (mut model, mut picture) = (None, None);
        for source in self.model.iter().chain(&self.file) {
            let (place, path, what) = match Source::from(source.clone()) {
                Source::Model(path) => (&mut model, path, "models"),
                Source::Picture(path) => (&mut picture, path, "pictures"),
            };
            if place.replace(path).is_some() {
                return Err(Misuse(format!("two {what}: give at most one model and one picture")));
            }
        }
        if picture.is_some() && (self.index.is_some() || self.data.is_given()) {
            return Err(Misuse("a picture is read instead of a test image: leave out --index and --data".into()));
        }
        Ok((model, picture))
    }

    /// An image of the test set, and what it is called.
    fn test_image(&self) -> anyhow::Result<(Image, String, ClassNames)> {
        let data = self.data.load()?;
        let index = self.index.unwrap_or(0) as usize;
        let (images, labels) = (data.test.images(), data.test.labels());
        match (images.get(index), labels.get(index)) {
            (Some(image), Some(label)) => {
                let what = format!("test image {index} of {}, a {}", data.name, data.classes.label(*label));
                Ok((*image, what, data.classes))
            }
            _ => {
                let words =
                    format!("--index {index}: {} has {} test images: give a smaller number", data.name, images.len());
                Err(Misuse(words).into())
            }
        }
    }
}

fn show_reading(arguments: &ReadingArguments) -> anyhow::Result<()> {
    instruction_set()?;
    let name = arguments.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let reader = open_reader(arguments.model.as_deref())?;
    let picture = Picture::open(&arguments.file)?;
    let numbers = reader.read(&picture).with_context(|| arguments.file.display().to_string())?;
    if numbers.is_empty() {
        bail!("{}: no digits found: give a picture of digits, or cut it closer to them", arguments.file.display());
    }
    arguments.out.show(
        || Ok(reading::drawing(&numbers).headed(&format!("The sweep over {name}"), "")),
        |stdout| reading::write(stdout, &name, &numbers),
    )
}

fn show_misses(arguments: &TestArguments) -> anyhow::Result<()> {
    instruction_set()?;
    let model = Model::open(arguments.model.as_deref())?;
    let data = arguments.data.load()?;
    let (network, normalization) = (model.network()?, model.checkpoint.description.normalization);
    let misread = arguments.threads.pool()?.install(|| read_set(&*network, &data.test, normalization))?.misread;
    let images = data.test.images();
    let title = format!("The test images of {1} that {0} misreads", model.name, data.name);
    let count = misses::count(misread.len(), images.len());
    let more = format!("{count}; below each its label -> what it was read as");
    arguments.out.show(
        || Ok(misses::drawing(images, &misread, &data.classes)?.headed(&title, &more)),
        |stdout| {
            misses::write(stdout, &misread, &data.classes)?;
            message!("{count}");
            Ok(())
        },
    )
}

fn show_confusion(arguments: &TestArguments) -> anyhow::Result<()> {
    instruction_set()?;
    let model = Model::open(arguments.model.as_deref())?;
    let data = arguments.data.load()?;
    let (network, normalization) = (model.network()?, model.checkpoint.description.normalization);
    let read = arguments.threads.pool()?.install(|| read_set(&*network, &data.test, normalization))?.evaluation;
    let title = format!("How {} reads the test set of {}", model.name, data.name);
    arguments.out.show(
        || Ok(confusion::drawing(&read.confusion, &data.classes).headed(&title, &format!("test accuracy {read}"))),
        |stdout| write_confusion(stdout, &read, &data.classes),
    )
}

fn show_curves(arguments: &CurvesArguments) -> anyhow::Result<()> {
    let record = read_record(&arguments.run)?;
    if record.epochs.is_empty() {
        bail!("{}: no epoch is complete yet", arguments.run.display());
    }
    let (metrics, broken) = read_metrics(&arguments.run)?;
    if broken > 0 {
        message!(
            "metrics.jsonl: {broken} line{} left out",
            if broken == 1 { " is not a record and was" } else { "s are not records and were" }
        );
    }
    let curves = Curves::of(&record, &metrics);
    let name = arguments.run.file_name().unwrap_or(arguments.run.as_os_str()).to_string_lossy();
    arguments.out.show(|| Ok(curves.drawing().headed(&format!("The run {name}"), "")), |stdout| curves.write(stdout))
}

fn make_report(arguments: &ReportArguments) -> anyhow::Result<()> {
    instruction_set()?;
    let record = read_record(&arguments.run)?;
    let moved = arguments.data.is_given().then_some(&arguments.data);
    let path = arguments.threads.pool()?.install(|| report::remake(&arguments.run, &record, moved))?;
    Ok(writeln!(io::stdout(), "{}", path.display())?)
}
