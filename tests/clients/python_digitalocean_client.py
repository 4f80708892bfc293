"""The older Python client of DigitalOcean through the life of machines at a simulated DigitalOcean. It reads
`DIGITALOCEAN_END_POINT`, with the version, by itself."""

import os

import digitalocean
from waiting import until

TOKEN = os.environ["DIGITALOCEAN_ACCESS_TOKEN"]
manager = digitalocean.Manager(token=TOKEN)


def refused(deed):
    """What the cloud says to something that cannot be done."""
    try:
        deed()
    except digitalocean.baseapi.Error as error:
        return str(error)
    raise AssertionError("it was not refused")


assert manager.get_account().status == "active"
assert any(size.slug == "s-1vcpu-1gb" for size in manager.get_all_sizes())
assert any(region.slug == "nyc3" for region in manager.get_all_regions())

key = digitalocean.SSHKey(
    token=TOKEN,
    name="somebody",
    public_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC4Nn2DWhyCvJvlPZFjnL3xPQDXwLkTp3Ay9XJDMQqjr somebody",
)
key.create()
wish = {"token": TOKEN, "region": "nyc3", "size_slug": "s-1vcpu-1gb", "image": "debian-12-x64"}
droplet = digitalocean.Droplet(name="old-1", ssh_keys=[key], tags=["old"], **wish)
droplet.create()
until("creation", lambda: [action.load() or action.status for action in droplet.get_actions()] == ["completed"])
droplet.load()
assert droplet.status == "active" and droplet.ip_address, vars(droplet)

for batch in range(25):
    names = [f"many-{batch}-{number}" for number in range(10)]
    made = digitalocean.Droplet.create_multiple(names=names, tags=["many"], **wish)
    assert len(made) == 10, made
many = until("250 of them", lambda: (them := manager.get_all_droplets(tag_name="many"))[249:] and them)
assert len({it.id for it in many}) == 250, len(many)

tag = digitalocean.Tag(token=TOKEN, name="later")
tag.create()
tag.add_droplets([str(droplet.id)])
until("the tag", lambda: "later" in (droplet.load() or droplet).tags)
tag.remove_droplets([str(droplet.id)])
tag.delete()

volume = digitalocean.Volume(token=TOKEN, name="old-data", region="nyc3", size_gigabytes=10)
volume.create()
volume.attach(droplet.id, "nyc3")
until("attaching", lambda: (volume.load() or volume).droplet_ids == [droplet.id])
volume.detach(droplet.id, "nyc3")
until("detaching", lambda: (volume.load() or volume).droplet_ids == [])
volume.destroy()
assert manager.get_all_volumes() == []

domain = digitalocean.Domain(token=TOKEN, name="old.example", ip_address="192.0.2.1")
domain.create()
made = domain.create_new_domain_record(type="A", name="www", data="192.0.2.2", ttl=600)["domain_record"]
assert ("www", "192.0.2.2") in [(record.name, record.data) for record in domain.get_records()]
domain.delete_domain_record(id=made["id"])
assert "www" not in [record.name for record in domain.get_records()]
domain.destroy()

unsold = digitalocean.Droplet(name="old-2", **{**wish, "size_slug": "s-999vcpu"})
said = refused(unsold.create)
assert "size" in said, f"the cloud's own words arrive: {said}"
droplet.destroy()
for it in many:
    it.destroy()
key.destroy()
until("the end of all", lambda: manager.get_all_droplets() == [])
