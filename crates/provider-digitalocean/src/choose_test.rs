use machine_core::Money;

use super::*;

fn offer() -> (Vec<Size>, Vec<Region>) {
    let size = |id: &str, cpus: f64, memory_mib: u64, micros: i64, regions: &[&str]| Size {
        id: id.to_owned(),
        cpus,
        memory_mib,
        disk_gib: Some(25),
        price: Some(Price { hourly: Money::from_micros(micros), monthly_cap: Some(Money::from_micros(micros * 672)) }),
        regions: regions.iter().map(|region| (*region).to_owned()).collect(),
    };
    let region = |id: &str, available: bool| Region { id: id.to_owned(), name: id.to_uppercase(), available };
    let sizes = vec![
        size("s-small", 1.0, 512, 6_000, &["fra1"]),
        size("s-1vcpu-1gb", 1.0, 1024, 9_000, &["nyc1", "nyc3", "fra1"]),
        size("s-2vcpu-4gb", 2.0, 4096, 36_000, &["nyc1", "nyc3"]),
    ];
    (sizes, vec![region("nyc1", true), region("nyc2", false), region("nyc3", true), region("fra1", true)])
}

fn chosen(size: &SizeRequest, regions: &[&str], max_price: Option<Price>) -> Result<Vec<(String, String)>> {
    let (sizes, known) = offer();
    let regions: Vec<String> = regions.iter().map(|region| (*region).to_owned()).collect();
    let wish = Wish { size, default_size: "s-1vcpu-1gb", regions: &regions, max_price };
    Ok(places(&wish, &sizes, &known)?.into_iter().map(|place| (place.region, place.size)).collect())
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(region, size)| ((*region).to_owned(), (*size).to_owned())).collect()
}

fn need(cpus: f64, memory_mib: u64) -> SizeRequest {
    SizeRequest::Need { cpus: Some(cpus), memory_mib: Some(memory_mib) }
}

#[test]
fn regions_are_tried_in_their_order() {
    let default = SizeRequest::Default;
    let expected = pairs(&[("fra1", "s-1vcpu-1gb"), ("nyc3", "s-1vcpu-1gb")]);
    assert_eq!(chosen(&default, &["FRA1", "nyc2", "nyc3"], None).unwrap(), expected, "nyc2 takes no machines");
    assert_eq!(
        chosen(&default, &["nyc"], None).unwrap(),
        pairs(&[("nyc1", "s-1vcpu-1gb"), ("nyc3", "s-1vcpu-1gb")]),
        "all of New York"
    );
}

#[test]
fn the_cheapest_that_will_do_there() {
    assert_eq!(chosen(&need(1.0, 256), &["fra1"], None).unwrap(), pairs(&[("fra1", "s-small")]));
    assert_eq!(chosen(&need(1.0, 256), &["nyc3"], None).unwrap(), pairs(&[("nyc3", "s-1vcpu-1gb")]));
    assert_eq!(chosen(&need(2.0, 0), &["nyc3"], None).unwrap(), pairs(&[("nyc3", "s-2vcpu-4gb")]));
    assert_eq!(chosen(&need(64.0, 0), &["nyc3"], None).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn what_cannot_be_had_is_told_with_what_can() {
    let named = |name: &str| SizeRequest::Named(name.to_owned());
    let typo = chosen(&named("s-1vcpu-1g"), &["nyc3"], None).unwrap_err();
    assert_eq!((typo.kind(), typo.hint()), (ErrorKind::NotFound, Some("did you mean s-1vcpu-1gb, s-2vcpu-4gb?")));
    assert_eq!(chosen(&SizeRequest::Default, &["no-such-region"], None).unwrap_err().kind(), ErrorKind::NotFound);
    let elsewhere = chosen(&named("s-small"), &["nyc3"], None).unwrap_err();
    assert_eq!((elsewhere.kind(), elsewhere.hint()), (ErrorKind::OutOfCapacity, Some("it can be had in fra1")));
    assert_eq!(chosen(&SizeRequest::Default, &["nyc2"], None).unwrap_err().kind(), ErrorKind::OutOfCapacity);
}

#[test]
fn nothing_above_the_price_that_was_set() {
    let most = |micros: i64, cap: Option<i64>| {
        Some(Price { hourly: Money::from_micros(micros), monthly_cap: cap.map(Money::from_micros) })
    };
    let default = SizeRequest::Default;
    assert!(chosen(&default, &["nyc3"], most(9_000, None)).is_ok());
    assert_eq!(chosen(&default, &["nyc3"], most(8_999, None)).unwrap_err().kind(), ErrorKind::Budget);
    let month = chosen(&default, &["nyc3"], most(9_000, Some(5_000_000))).unwrap_err();
    assert!(month.to_string().contains("a month"), "{month}");
    // Where another region has something cheaper, that is taken.
    let somewhere = chosen(&need(1.0, 256), &["nyc3", "fra1"], most(7_000, None)).unwrap();
    assert_eq!(somewhere, pairs(&[("fra1", "s-small")]));
}
