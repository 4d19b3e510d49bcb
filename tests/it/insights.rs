//! Every insight, against the reference and against what it promises.

mod agrees;
mod answer;
mod dice;
mod histories;
mod packed;
mod paging;
mod plans;
mod questions;
mod stock;
