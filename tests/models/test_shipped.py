from models import shipped
from models.recipe import Recipe
from models.store import Store


def test_rebuilding_gives_the_same_files(tmp_path):
    recipes = (Recipe(task="german", hidden=(4,), epochs=2, device="cpu"),)
    names = []
    for target in (tmp_path / "one", tmp_path / "two"):
        shipped.rebuild(target, recipes)
        (run,) = Store(tmp_path / "user", target).runs()
        names.append(dict(run.artefacts))
        assert [p.name for p in target.iterdir() if p.is_file()] == ["store.db"]
    assert names[0] == names[1]
