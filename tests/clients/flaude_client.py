"""flaude, which runs a coding agent on Fly machines, at a simulated Fly: all that its library asks of the cloud. A prompt needs
an image of its own, which no simulation runs. Its addresses are constants of its own."""

import asyncio
import os

import flaude.fly_client as wire
from flaude.app import ensure_app, get_app
from flaude.fly_client import fly_get
from flaude.machine import create_machine, destroy_machine, get_machine, start_machine, stop_machine
from flaude.machine_config import MachineConfig
from flaude.volume import create_volume, destroy_volume, list_volumes

wire.FLY_API_BASE = os.environ["FLY_FLAPS_BASE_URL"].rstrip("/") + "/v1"
wire.FLY_PLATFORM_API_BASE = os.environ["FLY_API_BASE_URL"].rstrip("/")

APP = "flaude-client"


def wish(**more):
    """A machine of flaude's, which needs a prompt and a token before it is asked for."""
    return MachineConfig(image="debian:12", prompt="say hello", claude_code_oauth_token="none", auto_destroy=False, **more)


async def state(machine, wanted, patience=60):
    """Waits until the machine is in that state."""
    for _ in range(patience * 5):
        seen = await get_machine(APP, machine)
        if seen.state == wanted:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{machine} is {seen.state} and not {wanted} within {patience} s")


async def records():
    """Apps, machines, volumes: made, listed, changed, destroyed."""
    assert await get_app(APP) is None
    assert (await ensure_app(APP)).name == APP
    assert (await ensure_app(APP)).name == APP

    volume = await create_volume(APP, region="iad", size_gb=1)
    assert [it.id for it in await list_volumes(APP)] == [volume.id]

    machine = await create_machine(APP, wish(volume_id=volume.id, metadata={"role": "first"}), name="first")
    await state(machine.id, "started")
    await stop_machine(APP, machine.id)
    await state(machine.id, "stopped")
    await start_machine(APP, machine.id)
    await state(machine.id, "started")

    many = await asyncio.gather(*(create_machine(APP, wish(), name=f"many-{number}") for number in range(249)))
    listed = await fly_get(f"/apps/{APP}/machines")
    assert len({it["id"] for it in listed}) == 250, len(listed)
    assert next(it for it in listed if it["id"] == machine.id)["config"]["metadata"]["role"] == "first"

    for it in [machine, *many]:
        await destroy_machine(APP, it.id)
    await destroy_machine(APP, machine.id)
    left = [it for it in await fly_get(f"/apps/{APP}/machines") if it["state"] not in ("destroyed", "destroying")]
    assert left == [], left
    await destroy_volume(APP, volume.id)


asyncio.run(records())
