//! Examples for `--help`, and completions for shells.

use crate::Arguments;
use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};
use std::io::{self, Write};

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    success, also if the reader of the output closed the pipe
  1    failure: a message on stderr says why
  2    wrong usage: an option is unknown, contradicts another one, or has a value that makes no sense
  130  interrupted";

pub(crate) const TRAIN: &str = "\
Examples:
  lenet train                                    the defaults: 99.1% in seconds
  lenet train --distort --european --rubbish --loss cross-entropy --epochs 60    the built-in model again
  lenet train --recipe fast                      99% in a second or two
  lenet train --recipe modern                    the most accurate of LeNet-5's size, in minutes
  lenet train --recipe paper                     as in 1998, one image per step
  lenet train --data fashion-mnist               other data, after `lenet data fetch`
  lenet train --data mnist.npz                   a file of Keras, or train.csv of Kaggle
  lenet train --data photos                      photos/train/cat/*.jpg, photos/test/dog/*.jpg
  lenet train --resume runs/lenet5-mse-seed1     continue a run that was stopped

Ctrl-C stops after the step, saves the state, and prints how to continue (exit code 130).";

pub(crate) const TRAIN_READER: &str = "\
Examples:
  lenet train-reader                             the built-in reader again, in some twenty minutes on two cores
  lenet train-reader --epochs 4 --lines 20000    a minute, to see that it works
  lenet train-reader --resume runs/reader-seed1  continue a run that was stopped";

pub(crate) const EVAL: &str = "\
Examples:
  lenet eval                                     the built-in model
  lenet eval modern                              the other built-in model, more accurate and slower
  lenet eval runs/lenet5-mse-seed1               the best model of a run
  lenet eval model.safetensors --json
  lenet eval --strings                           the reader of lines, on strings of the test digits";

pub(crate) const PREDICT: &str = "\
Examples:
  lenet predict photo.jpg                        one digit in a picture of any size
  lenet predict scans/ --json                    a folder, one object per line
  lenet predict seven.png --show                 with the pixels that the network saw
  lenet predict scans/ --reject auto             ? if it is not sure
  lenet predict t10k-images-idx3-ubyte.gz        every image of a set
  lenet predict test.csv --csv > submission.csv  for Kaggle's digit recognizer
  scanimage | lenet predict -                    from standard input";

pub(crate) const READ: &str = "\
Examples:
  lenet read number.png                          its probability, its digits and their places
  lenet read form.jpg --json --reject 0.9        several lines, ? where it is not sure
  lenet read years/ --pattern '[12]###'          what is known of the numbers helps
  lenet read cheque.png --amount=2               1234.50
  lenet read orand/ --labels orand.txt           how many of a set are read correctly";

pub(crate) const EXPORT: &str = "\
Examples:
  lenet export --onnx lenet5.onnx                the built-in model
  lenet export runs/lenet5-mse-seed1 --onnx lenet5.onnx";

pub(crate) const PAGE: &str = "\
Examples:
  lenet page                                     writes lenet5.html; open it in a browser
  lenet page --out demo.html";

pub(crate) const SUMMARY: &str = "\
Examples:
  lenet summary                                  the table of LeNet-5
  lenet summary --network lenet5-1998 --json";

pub(crate) const REPRODUCE: &str = "\
Examples:
  lenet reproduce --quick                        half a minute, to see that it works
  lenet reproduce                                the paper's table, half an hour
  lenet reproduce --only lenet5 --seeds 3        one row of it";

pub(crate) const VIEW: &str = "\
Examples:
  lenet view maps --out maps.png                 the maps of every stage for one digit
  lenet view reading number.png --out sweep.svg  the sweep over a line of digits
  lenet view filters runs/lenet5-mse-seed1       the kernels, on the terminal
  lenet view curves runs/lenet5-mse-seed1 --out curves.svg
  lenet view report runs/lenet5-mse-seed1        report.html of the run again";

#[derive(Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Prints the completions.
pub(crate) fn completions(arguments: &CompletionsArguments) -> io::Result<()> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut Arguments::command(), "lenet", &mut script);
    io::stdout().write_all(&script)
}
