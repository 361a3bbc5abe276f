using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Lethe.Ingest.Tests.Storage;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Tests.Sqlite;

public sealed class MigrationGateTests : IDisposable
{
    private readonly string directory = SqliteTestStore.NewDirectory();

    /// <summary>The schema of a later version.</summary>
    private static readonly Migration[] Next = [.. SqliteSchema.Steps, new Migration(SqliteSchema.Latest + 1, "next", "CREATE TABLE next (word TEXT)")];

    private string Store => Path.Combine(directory, LetheDatabase.FileName);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task An_upgrade_leaves_a_private_copy_of_what_the_store_was()
    {
        var version = SqliteSchema.Latest;
        MakeEarlier(version, sha256: null);

        await using var upgraded = await LetheDatabase.OpenAsync(Store, Next, TimeProvider.System);

        var copy = MigrationGate.CopyOf(Store, version);
        using var kept = new SqliteConnection($"Data Source={copy};Pooling=False;Mode=ReadOnly");
        kept.Open();
        Assert.Equal((version, "77777777-7777-7777-7777-777777777777"), (kept.ExecuteScalar<int>("PRAGMA user_version"), kept.ExecuteScalar<string>("SELECT org_id FROM orgs WHERE org = 7")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(copy));
        }

        Assert.Equal(0, upgraded.ExecuteScalar<int>("SELECT count(*) FROM next"));
        Assert.Equal("77777777-7777-7777-7777-777777777777", upgraded.ExecuteScalar<string>("SELECT org_id FROM orgs WHERE org = 7"));
    }

    [Fact]
    public async Task A_store_that_is_up_to_date_is_not_copied()
    {
        (await LetheDatabase.OpenAsync(Store, TimeProvider.System)).Dispose();
        (await LetheDatabase.OpenAsync(Store, TimeProvider.System)).Dispose();

        Assert.Empty(Directory.GetFiles(directory, "*.bak*"));
    }

    [Fact]
    public async Task A_step_that_was_another_one_is_refused_and_the_file_left_as_it_is()
    {
        MakeEarlier(SqliteSchema.Latest, sha256: new string('0', 64));
        var before = await File.ReadAllBytesAsync(Store);

        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => LetheDatabase.OpenAsync(Store, Next, TimeProvider.System));

        Assert.Contains($"Step 1 of the schema of {Store} is not the one that this Lethe knows", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Store));
    }

    private void MakeEarlier(int version, string? sha256)
    {
        using var earlier = new SqliteConnection($"Data Source={Store};Pooling=False");
        earlier.Open();
        earlier.Execute("PRAGMA journal_mode = WAL; CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL)");
        foreach (var step in SqliteSchema.Steps.Take(version))
        {
            earlier.Execute(step.Sql);
            earlier.Execute("INSERT INTO schema_migrations VALUES (@Version, @Name, @sha256, 1)", new { step.Version, step.Name, sha256 = sha256 ?? step.Sha256 });
        }

        earlier.Execute($"PRAGMA application_id = {LetheDatabase.ApplicationId}; PRAGMA user_version = {version}; INSERT INTO orgs VALUES (7, '77777777-7777-7777-7777-777777777777')");
    }
}
