using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Tests.Storage;

namespace Lethe.Ingest.Tests.Sqlite;

public sealed class CrashTests
{
    [Fact]
    public void What_a_crash_leaves_of_a_transaction_under_way_is_the_state_before_it()
    {
        using var store = SqliteTestStore.Open();
        var told = Hostile.Tell([.. Enumerable.Range(1, 60)]);
        store.Ingest.Commit([.. told[..20].Select(one => one.Delivery())], At(20));
        var before = store.State();
        var copy = SqliteTestStore.NewDirectory();

        var crash = new Told { Number = 999 }.Delivery().Meanwhile(() => CopyFiles(store.Directory, copy));
        Assert.Throws<IOException>(() => store.Ingest.Commit([.. told[20..].Select(one => one.Delivery()), crash], At(60)));

        using var survivor = SqliteTestStore.Open(copy);
        Assert.Equal(before, survivor.State());
        Assert.Equal(new JournalPosition(default, 1, 20, 20), survivor.Ingest.Cursor("c", default));
        Assert.Empty(survivor.Faults());
    }

    [Fact]
    public void What_was_committed_is_there_after_a_crash_together_with_its_position()
    {
        using var store = SqliteTestStore.Open();
        var told = Hostile.Tell([.. Enumerable.Range(1, 60)]);
        store.Ingest.Commit([.. told.Select(one => one.Delivery())], At(60));
        var copy = SqliteTestStore.NewDirectory();
        CopyFiles(store.Directory, copy);

        using var survivor = SqliteTestStore.Open(copy);
        Assert.Equal(store.State(), survivor.State());
        Assert.Equal(new JournalPosition(default, 1, 60, 60), survivor.Ingest.Cursor("c", default));
    }

    private static CommitOptions At(long place) => new() { Consumer = "c", Position = new JournalPosition(default, 1, place, place) };

    private static void CopyFiles(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from).Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)))
        {
            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var target = File.Create(Path.Combine(to, Path.GetFileName(file)));
            source.CopyTo(target);
        }
    }
}
