"""DigitalOcean's own client through the life of machines at a simulated DigitalOcean."""

import os
import time

from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from pydo import Client
from pydo._patch import TokenCredentials
from waiting import until


class InTheClear(BearerTokenCredentialPolicy):
    """Lets the token travel without TLS, which the client's library does only where each request says so."""

    def on_request(self, request):
        request.context.options["enforce_https"] = False
        super().on_request(request)


TOKEN = os.environ["DIGITALOCEAN_ACCESS_TOKEN"]
policy = InTheClear(TokenCredentials(TOKEN))
client = Client(token=TOKEN, endpoint=os.environ["DIGITALOCEAN_API_URL"], authentication_policy=policy)


def everything(listing, key, **query):
    """All pages of a list."""
    found, page = [], 1
    while True:
        answer = listing(per_page=100, page=page, **query)
        found += answer[key]
        if "next" not in answer["links"].get("pages", {}):
            assert len(found) == answer["meta"]["total"], answer["meta"]
            return found
        page += 1


assert client.account.get()["account"]["status"] == "active"
assert any(size["slug"] == "s-1vcpu-1gb" for size in everything(client.sizes.list, "sizes"))
assert any(region["slug"] == "nyc3" for region in everything(client.regions.list, "regions"))

# Create, and wait for the action that makes it.
order = {"name": "pydo-1", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "tags": ["pydo"]}
made = client.droplets.create(body=order)
droplet, action = made["droplet"]["id"], made["links"]["actions"][0]["id"]
until("creation", lambda: client.actions.get(action_id=action)["action"]["status"] == "completed")
seen = until("an address", lambda: client.droplets.get(droplet_id=droplet)["droplet"])
assert seen["status"] == "active" and seen["name"] == "pydo-1" and seen["networks"]["v4"], seen

# A list of 250, made ten at a time.
for batch in range(25):
    names = [f"many-{batch}-{number}" for number in range(10)]
    answer = client.droplets.create(body={**{k: v for k, v in order.items() if k != "name"}, "names": names, "tags": ["many"]})
    assert len(answer["droplets"]) == 10, answer
many = until("250 of them", lambda: (them := everything(client.droplets.list, "droplets", tag_name="many"))[249:] and them)
assert len({it["id"] for it in many}) == 250, len(many)
assert len(everything(client.droplets.list, "droplets")) == 251

# Tags.
assert client.tags.create(body={"name": "later"})["tag"]["name"] == "later"
resources = {"resources": [{"resource_id": str(droplet), "resource_type": "droplet"}]}
client.tags.assign_resources(tag_id="later", body=resources)
until("the tag", lambda: "later" in client.droplets.get(droplet_id=droplet)["droplet"]["tags"])
client.tags.unassign_resources(tag_id="later", body=resources)
client.tags.delete(tag_id="later")

# Volumes.
wish = {"name": "pydo-data", "region": "nyc3", "size_gigabytes": 10, "filesystem_type": "ext4"}
volume = client.volumes.create(body=wish)["volume"]["id"]
for kind, holders in (("attach", [droplet]), ("detach", [])):
    deed = {"type": kind, "droplet_id": droplet, "region": "nyc3"}
    begun = client.volume_actions.post_by_id(volume_id=volume, body=deed)["action"]["id"]
    until(kind, lambda: client.actions.get(action_id=begun)["action"]["status"] == "completed")
    assert client.volumes.get(volume_id=volume)["volume"]["droplet_ids"] == holders
client.volumes.delete(volume_id=volume)
assert everything(client.volumes.list, "volumes") == []

# DNS.
assert client.domains.create(body={"name": "pydo.example"})["domain"]["name"] == "pydo.example"
record = {"type": "A", "name": "www", "data": "192.0.2.1", "ttl": 600}
record = client.domains.create_record(domain_name="pydo.example", body=record)["domain_record"]
assert record["data"] == "192.0.2.1", record
records = everything(lambda **query: client.domains.list_records(domain_name="pydo.example", **query), "domain_records")
assert record["id"] in [it["id"] for it in records], records
client.domains.delete_record(domain_name="pydo.example", domain_record_id=record["id"])
client.domains.delete(domain_name="pydo.example")

# Destroy, one by its id and many by their tag.
client.droplets.destroy(droplet_id=droplet)
client.droplets.destroy_by_tag(tag_name="many")
until("the end of all", lambda: client.droplets.list()["meta"]["total"] == 0)
