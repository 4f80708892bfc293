"""Apache Libcloud's drivers through the life of machines at a simulated cloud: `digitalocean` or `vultr`, by the first
argument. Their addresses are constants of theirs, so that they are set once they are made."""

import os
import sys
from urllib.parse import urlsplit

from libcloud.compute.providers import get_driver as compute
from libcloud.compute.types import NodeState
from libcloud.compute.types import Provider as Compute
from libcloud.dns.providers import get_driver as dns
from libcloud.dns.types import Provider as Dns
from libcloud.dns.types import RecordType
from waiting import until

CLOUD = sys.argv[1]


def pointed(driver, url):
    """The driver, at that address."""
    place = urlsplit(url)
    driver.connection.host, driver.connection.port, driver.connection.secure = place.hostname, place.port, False
    driver.connection.connect()
    return driver


def named(things, name):
    """The thing of that id or name."""
    return next(thing for thing in things if name in (thing.id, thing.name))


if CLOUD == "digitalocean":
    key, url = os.environ["DIGITALOCEAN_ACCESS_TOKEN"], os.environ["DIGITALOCEAN_API_URL"]
    nodes, zones = compute(Compute.DIGITAL_OCEAN)(key, api_version="v2"), dns(Dns.DIGITAL_OCEAN)(key)
    place, size, image, rest = "nyc3", "s-1vcpu-1gb", "debian-12-x64", {}
    label = {"ex_create_attr": {"tags": ["libcloud"]}}
else:
    key, url = os.environ["VULTR_API_KEY"], os.environ["VULTR_API_URL"]
    nodes, zones = compute(Compute.VULTR)(key, api_version="2"), dns(Dns.VULTR)(key, api_version="2")
    # The drivers also ask for machines of bare metal, which the simulated cloud does not sell.
    place, size, image, rest = "ewr", "vc2-1c-1gb", "Debian 12", {"ex_list_bare_metals": False}
    label = {"ex_tag": "libcloud"}
pointed(nodes, url)
pointed(zones, url)

place = named(nodes.list_locations(), place)
size = named(nodes.list_sizes(**rest), size)
image = next(it for it in nodes.list_images() if image in (it.extra.get("slug"), it.name) or it.name.startswith(image))
wish = {"size": size, "image": image, "location": place}

node = nodes.create_node(name="libcloud-1", **wish, **label)


def shown():
    """The node, once it runs and has an address."""
    node_now = next((it for it in nodes.list_nodes(**rest) if it.id == node.id), None)
    if node_now and node_now.state == NodeState.RUNNING and node_now.public_ips not in ([], ["0.0.0.0"]):
        return node_now
    return None


seen = until("a running machine", shown)
assert seen.name == "libcloud-1", seen
if CLOUD == "digitalocean":
    assert seen.extra["tags"] == ["libcloud"], seen.extra

for number in range(249):
    nodes.create_node(name=f"many-{number}", **wish)
many = until("250 of them", lambda: (them := nodes.list_nodes(**rest))[249:] and them)
assert len({it.id for it in many}) == 250, len(many)

volume = nodes.create_volume(size=40, name="libcloud-data", location=place)
volume = next(it for it in nodes.list_volumes() if it.id == volume.id)
until("a volume that is ready", lambda: next(it for it in nodes.list_volumes() if it.id == volume.id).state != "creating")


def done(deed):
    """Whether a deed was accepted: what is being set up refuses."""
    try:
        return deed()
    except Exception as error:  # each driver has a type of its own
        print(f"not yet: {error}", flush=True)
        return False


until("attaching", lambda: done(lambda: nodes.attach_volume(node, volume)))


def holder():
    """Who has the volume."""
    extra = next(it for it in nodes.list_volumes() if it.id == volume.id).extra
    return extra.get("droplet_ids") or extra.get("attached_to_instance") or extra.get("attached_to_instance_id")


until("the volume at its machine", lambda: holder() in ([int(node.id)] if node.id.isdigit() else None, node.id))
volume = next(it for it in nodes.list_volumes() if it.id == volume.id)
until("detaching", lambda: done(lambda: nodes.detach_volume(volume)))
until("the volume alone", lambda: not holder())
assert nodes.destroy_volume(volume)
assert nodes.list_volumes() == []

zone = zones.create_zone("libcloud.example", extra={"ip": "192.0.2.1"})
extra = {"ttl": 600}
record = zones.create_record("www", zone, RecordType.A, "192.0.2.2", extra=extra)
assert ("www", "192.0.2.2") in [(it.name, it.data) for it in zones.list_records(zone)]
assert zones.delete_record(record)
assert zones.delete_zone(zone)
assert zones.list_zones() == []

for it in many:
    until(f"the end of {it.name}", lambda: done(lambda: nodes.destroy_node(it)))
until("the end of all", lambda: nodes.list_nodes(**rest) == [])
