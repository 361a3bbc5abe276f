using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Postgres;
using Lethe.Ingest.Sqlite;
using Lethe.Ingest.Tests.Storage;
using Lethe.Ingest.Verifying;

namespace Lethe.Ingest.Tests.Verifying;

public sealed class StoreVerifierTests
{
    [Theory]
    [InlineData("UPDATE sessions SET turns = turns + 1", VerifyFaultKind.Counter)]
    [InlineData("UPDATE sessions SET last_seen_at = 1", VerifyFaultKind.Counter)]
    [InlineData("DELETE FROM session_nodes WHERE node = (SELECT node FROM nodes WHERE depth = 0)", VerifyFaultKind.Chain)]
    [InlineData("UPDATE nodes SET depth = 7 WHERE depth = 1", VerifyFaultKind.Chain)]
    [InlineData("INSERT INTO orgs VALUES (2, '22222222-2222-2222-2222-222222222222'); UPDATE nodes SET org = 2", VerifyFaultKind.Chain)]
    [InlineData("DELETE FROM receipts", VerifyFaultKind.Receipt)]
    [InlineData("UPDATE exchanges SET attempt = 2", VerifyFaultKind.Attempt)]
    [InlineData("INSERT INTO sessions (session_id, org, harness_id, harness_session_id, is_placeholder) VALUES ('x', 1, 'h', 'x', 1)", VerifyFaultKind.Placeholder)]
    [InlineData("PRAGMA foreign_keys = OFF; UPDATE exchanges SET route = 99", VerifyFaultKind.ForeignKey)]
    public void Every_kind_of_damage_is_told(string damage, VerifyFaultKind kind)
    {
        using var store = SqliteTestStore.Open();
        store.Deliver(new Told { Number = 1 }, new Told { Number = 2, At = 1, Prompt = ["hi", "more"] });
        var verifier = SqliteStore.VerifierAt(store.File);
        Assert.Empty(verifier.Verify());

        store.Connection.Execute(damage);

        Assert.Contains(kind, verifier.Verify().Select(fault => fault.Kind));
    }

    [Theory]
    [InlineData("UPDATE sessions SET turns = turns + 1", VerifyFaultKind.Counter)]
    [InlineData("UPDATE sessions SET last_seen_at = 1", VerifyFaultKind.Counter)]
    [InlineData("DELETE FROM session_nodes WHERE hash = (SELECT hash FROM nodes WHERE depth = 0)", VerifyFaultKind.Chain)]
    [InlineData("UPDATE nodes SET depth = 7 WHERE depth = 1", VerifyFaultKind.Chain)]
    [InlineData("DELETE FROM receipts", VerifyFaultKind.Receipt)]
    [InlineData("UPDATE exchanges SET ingested = 1", VerifyFaultKind.Receipt)]
    [InlineData("UPDATE exchanges SET attempt = 2", VerifyFaultKind.Attempt)]
    [InlineData(
        "INSERT INTO sessions (session, org, harness_id, harness_session_id, is_placeholder) VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000000', 'h', 'x', 1)",
        VerifyFaultKind.Placeholder)]
    [InlineData("SET session_replication_role = replica; UPDATE exchanges SET caller = 'x'; SET session_replication_role = DEFAULT", VerifyFaultKind.ForeignKey)]
    public void Every_kind_of_damage_of_a_database_is_told(string damage, VerifyFaultKind kind)
    {
        using var store = PostgresTestStore.Open();
        store.Deliver(
            new Told { Number = 1 }, new Told { Number = 2, At = 1, Prompt = ["hi", "more"] }, new Told { Number = 3, At = 40 * 86_400, Prompt = ["hi", "more", "much"] });
        Assert.Empty(store.Verifier.Verify());

        store.Connection.Execute(damage);

        Assert.Contains(kind, store.Verifier.Verify().Select(fault => fault.Kind));
    }

    [Fact]
    public void A_database_that_does_not_answer_is_no_damage()
    {
        using var verifier = PostgresStore.VerifierAt("Host=127.0.0.1;Port=1;Username=nobody;Timeout=2");

        Assert.Throws<StoreUnavailableException>(() => verifier.Verify().ToList());
    }

    [Fact]
    public async Task A_page_that_cannot_be_read_is_told_beside_every_other_fault()
    {
        var directory = SqliteTestStore.NewDirectory();
        var path = Path.Combine(directory, LetheDatabase.FileName);
        using (var store = await LetheDatabase.OpenAsync(path, TimeProvider.System))
        {
            store.Execute("INSERT INTO sessions (session_id, org, harness_id, harness_session_id, is_placeholder) VALUES ('x', 1, 'h', 'x', 1); PRAGMA wal_checkpoint(TRUNCATE)");
            var root = store.ExecuteScalar<int>("SELECT rootpage FROM sqlite_master WHERE name = 'exchanges'");
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            file.Seek((root - 1L) * 4096, SeekOrigin.Begin);
            file.Write([.. Enumerable.Repeat((byte)0xff, 8)]);
        }

        var faults = SqliteStore.VerifierAt(path).Verify().ToArray();

        Assert.Contains(VerifyFaultKind.Integrity, faults.Select(fault => fault.Kind));
        Assert.True(faults.Length > 1);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void A_circle_of_parents_is_told()
    {
        using var store = SqliteTestStore.Open();
        store.Deliver(new Told { Number = 1, Session = "a" }, new Told { Number = 2, Session = "b", ParentHarness = "claude-code", Parent = "a" });

        store.Connection.Execute("UPDATE sessions SET parent = (SELECT session FROM sessions WHERE harness_session_id = 'b') WHERE harness_session_id = 'a'");

        Assert.Equal(2, SqliteStore.VerifierAt(store.File).Verify().Count(fault => fault.Kind == VerifyFaultKind.Parent));
    }
}
