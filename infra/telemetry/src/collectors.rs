//! What a declaration turns into: a plain metric, or a family of them told apart by one label.

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};
use prometheus::{
    Counter, Gauge, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts,
};

/// One metric as it is declared.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// Full name, as Prometheus shows it.
    pub name: &'static str,
    /// What one of it is.
    pub unit: &'static str,
    /// One sentence, its unit in brackets.
    pub help: &'static str,
    /// The label that tells the members of a family apart.
    pub label: Option<&'static str>,
    /// Upper bounds of the buckets; histograms alone use them.
    pub(crate) buckets: &'static [f64],
}

/// A family told apart by exactly one label: the library underneath checks the number of labels
/// only when it runs, and panics.
#[derive(Debug)]
pub struct By<V>(V);

impl<B: MetricVecBuilder> By<MetricVec<B>> {
    /// The member with this value of the label; it is born at zero when first asked for.
    pub fn of(&self, value: &str) -> B::M {
        self.0.with_label_values(&[value])
    }
}

/// Builds a metric from its declaration.
pub(crate) trait Declare {
    fn declare(declared: &Declared) -> Self;
    fn collector(&self) -> Box<dyn Collector>;
}

const VALID: &str = "a declared name is valid and its label given; a test builds them all";

macro_rules! plain {
    ($($metric:ty),+) => {$(
        impl Declare for $metric {
            fn declare(declared: &Declared) -> Self {
                Self::with_opts(Opts::new(declared.name, declared.help)).expect(VALID)
            }

            fn collector(&self) -> Box<dyn Collector> {
                Box::new(self.clone())
            }
        }
    )+};
}

macro_rules! family {
    ($($family:ty),+) => {$(
        impl Declare for By<$family> {
            fn declare(declared: &Declared) -> Self {
                let opts = Opts::new(declared.name, declared.help);
                let label = declared.label.expect(VALID);
                Self(<$family>::new(opts, &[label]).expect(VALID))
            }

            fn collector(&self) -> Box<dyn Collector> {
                Box::new(self.0.clone())
            }
        }
    )+};
}

plain!(Counter, Gauge, IntCounter, IntGauge);
family!(GaugeVec, IntCounterVec, IntGaugeVec);

impl Declare for Histogram {
    fn declare(declared: &Declared) -> Self {
        let opts = HistogramOpts::new(declared.name, declared.help);
        Self::with_opts(opts.buckets(declared.buckets.to_vec())).expect(VALID)
    }

    fn collector(&self) -> Box<dyn Collector> {
        Box::new(self.clone())
    }
}
