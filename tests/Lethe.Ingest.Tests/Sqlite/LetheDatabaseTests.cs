using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Lethe.Ingest.Tests.Storage;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Tests.Sqlite;

public sealed class LetheDatabaseTests : IDisposable
{
    private readonly string directory = SqliteTestStore.NewDirectory();

    private string File => Path.Combine(directory, "sub", LetheDatabase.FileName);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_new_store_is_private_before_anything_is_in_it()
    {
        using var connection = await LetheDatabase.OpenAsync(File, TimeProvider.System);
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, System.IO.File.GetUnixFileMode(Path.GetDirectoryName(File)!));
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(File)!))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public async Task The_modes_that_durability_rests_on_are_set()
    {
        using var connection = await LetheDatabase.OpenAsync(File, TimeProvider.System);

        Assert.Equal("wal", connection.ExecuteScalar<string>("PRAGMA journal_mode"));
        Assert.Equal((1, 1, 15_000, LetheDatabase.ApplicationId), (
            connection.ExecuteScalar<int>("PRAGMA synchronous"),
            connection.ExecuteScalar<int>("PRAGMA foreign_keys"),
            connection.ExecuteScalar<int>("PRAGMA busy_timeout"),
            connection.ExecuteScalar<int>("PRAGMA application_id")));
        Assert.Equal(SqliteSchema.Steps.Select(migration => migration.Sha256), connection.Query<string>("SELECT sha256 FROM schema_migrations ORDER BY version"));
    }

    [Fact]
    public async Task All_of_many_first_openers_succeed()
    {
        var openers = Enumerable.Range(0, 12).Select(_ => Task.Run(() => LetheDatabase.OpenAsync(File, TimeProvider.System)));
        foreach (var connection in await Task.WhenAll(openers))
        {
            Assert.Equal(SqliteSchema.Latest, connection.ExecuteScalar<int>("PRAGMA user_version"));
            connection.Dispose();
        }
    }

    [Theory]
    [InlineData("CREATE TABLE notes (text)", "not a Lethe store: expected application_id 4c657468, found 00000000, version 0, 1 objects")]
    [InlineData("PRAGMA application_id = 17; PRAGMA user_version = 3", "not a Lethe store: expected application_id 4c657468, found 00000011, version 3, 0 objects")]
    [InlineData("PRAGMA application_id = 0x4C657468; PRAGMA user_version = 99", "a Lethe store of version 99, written by a newer Lethe; expected at most version 13")]
    public async Task A_file_of_another_kind_or_a_newer_version_is_refused_and_left_as_it_is(string sql, string told)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        using (var foreign = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            foreign.Open();
            foreign.Execute(sql);
        }

        var before = await System.IO.File.ReadAllBytesAsync(File);
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => LetheDatabase.OpenAsync(File, TimeProvider.System));

        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await System.IO.File.ReadAllBytesAsync(File));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        var text = string.Concat(Enumerable.Repeat("no database at all\n", 100));
        await System.IO.File.WriteAllTextAsync(File, text);

        await Assert.ThrowsAsync<StoreRefusedException>(() => LetheDatabase.OpenAsync(File, TimeProvider.System));
        Assert.Equal(text, await System.IO.File.ReadAllTextAsync(File));
    }

    [Fact]
    public async Task A_reader_never_makes_or_changes_a_store()
    {
        Assert.Throws<StoreRefusedException>(() => LetheDatabase.OpenReadOnly(File));
        Assert.False(System.IO.File.Exists(File));

        (await LetheDatabase.OpenAsync(File, TimeProvider.System)).Dispose();
        using var reader = LetheDatabase.OpenReadOnly(File);
        Assert.Equal(SQLitePCL.raw.SQLITE_READONLY, Assert.Throws<SqliteException>(() => reader.Execute("DELETE FROM sessions")).SqliteErrorCode);
    }
}
