//! The instruments that a pool counts by: those of the facade `metrics`, or ones that count nothing
//! and cost nothing where the feature is off.

#[cfg(feature = "metrics")]
pub(crate) use on::*;

#[cfg(not(feature = "metrics"))]
pub(crate) use off::*;

#[cfg(feature = "metrics")]
mod on {
    use std::time::Duration;

    pub(crate) use metrics::{Counter, Gauge, Histogram};
    use metrics::{Label, Unit};
    use tokio::time::Instant;

    /// The labels that all instruments of a destination have.
    #[derive(Debug)]
    pub(crate) struct Labels(Vec<Label>);

    impl Labels {
        pub(crate) fn new(address: &str, port: u16) -> Self {
            let address = Label::new("server.address", address.to_owned());
            Self(vec![address, Label::new("server.port", port.to_string())])
        }

        fn and(&self, more: Option<(&'static str, &'static str)>) -> Vec<Label> {
            let more = more.map(|(name, value)| Label::from_static_parts(name, value));
            self.0.iter().cloned().chain(more).collect()
        }
    }

    pub(crate) fn counter(
        name: &'static str,
        about: &'static str,
        labels: &Labels,
        more: Option<(&'static str, &'static str)>,
    ) -> Counter {
        metrics::describe_counter!(name, Unit::Count, about);
        metrics::counter!(name, labels.and(more))
    }

    pub(crate) fn gauge(name: &'static str, about: &'static str, labels: &Labels) -> Gauge {
        metrics::describe_gauge!(name, Unit::Count, about);
        metrics::gauge!(name, labels.and(None))
    }

    pub(crate) fn seconds(name: &'static str, about: &'static str, labels: &Labels) -> Histogram {
        metrics::describe_histogram!(name, Unit::Seconds, about);
        metrics::histogram!(name, labels.and(None))
    }

    /// The time since something began.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Stopwatch(Instant);

    impl Stopwatch {
        pub(crate) fn start() -> Self {
            Self(Instant::now())
        }

        pub(crate) fn stop(self) -> Duration {
            self.0.elapsed()
        }
    }
}

#[cfg(not(feature = "metrics"))]
#[expect(clippy::unused_self, reason = "they stand for those of the facade")]
mod off {
    use std::time::Duration;

    #[derive(Debug)]
    pub(crate) struct Labels;

    impl Labels {
        pub(crate) fn new(_: &str, _: u16) -> Self {
            Self
        }
    }

    #[derive(Debug)]
    pub(crate) struct Counter;

    impl Counter {
        #[inline]
        pub(crate) fn increment(&self, _: u64) {}
    }

    #[derive(Debug)]
    pub(crate) struct Gauge;

    impl Gauge {
        #[inline]
        pub(crate) fn increment(&self, _: f64) {}
        #[inline]
        pub(crate) fn decrement(&self, _: f64) {}
        #[inline]
        pub(crate) fn set(&self, _: f64) {}
    }

    #[derive(Debug)]
    pub(crate) struct Histogram;

    impl Histogram {
        #[inline]
        pub(crate) fn record(&self, _: Duration) {}
    }

    pub(crate) fn counter(
        _: &'static str,
        _: &'static str,
        _: &Labels,
        _: Option<(&'static str, &'static str)>,
    ) -> Counter {
        Counter
    }

    pub(crate) fn gauge(_: &'static str, _: &'static str, _: &Labels) -> Gauge {
        Gauge
    }

    pub(crate) fn seconds(_: &'static str, _: &'static str, _: &Labels) -> Histogram {
        Histogram
    }

    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Stopwatch;

    impl Stopwatch {
        #[inline]
        pub(crate) fn start() -> Self {
            Self
        }

        #[inline]
        pub(crate) fn stop(self) -> Duration {
            Duration::ZERO
        }
    }
}
