//! A series of measurements and what is quoted of it.

/// Measurements of one thing.
#[derive(Debug, Clone)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    /// Takes the measurements in any order.
    pub(crate) fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The middle one: an outlier on a busy computer does not move it.
    pub(crate) fn median(&self) -> f64 {
        self.at(50)
    }

    /// The one that 95 in 100 stay below.
    pub(crate) fn p95(&self) -> f64 {
        self.at(95)
    }

    fn at(&self, percent: usize) -> f64 {
        let index = self.0.len().saturating_sub(1) * percent / 100;
        self.0.get(index).copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_p95() {
        let series = Series::new((1..=101).rev().map(f64::from).collect());
        assert!((series.median() - 51.0).abs() < f64::EPSILON);
        assert!((series.p95() - 96.0).abs() < f64::EPSILON);
    }
}
