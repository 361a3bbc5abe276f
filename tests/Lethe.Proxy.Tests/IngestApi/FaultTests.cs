using System.Net;
using System.Text;
using Lethe.Proxy.Tests.Commands;
using Lethe.Proxy.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Lethe.Proxy.Tests.IngestApi;

/// <summary>A store that fails at each step of a commit, and producers that lose the answer: nothing is claimed that is not stored, and nothing is stored twice.</summary>
public sealed class FaultTests
{
    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Whatever_step_of_a_commit_fails_nothing_is_claimed_and_the_same_delivery_is_stored_once_when_it_heals(string sink)
    {
        await using var lethe = await StoreOfTest.StartAsync(sink, configure: services => services.AddSingleton<IStartupFilter, CutAnswers>());
        var producer = new Producer(lethe);
        await producer.SendAsync(Producer.Payload("s", "first", "k"));

        var steps = Steps(sink).ToList();
        for (var i = 0; i < steps.Count; i++)
        {
            var payload = Producer.Payload("s", $"said while {i} fails", $"k-{i}");
            await RunAsync(lethe, sink, steps[i].Break);
            var (status, problem) = await producer.SendAsync(payload);
            var (lines, _) = await producer.SendAsync(Producer.Event($"t-{i}"), Producer.Lines);
            Assert.Equal((i, HttpStatusCode.ServiceUnavailable, "store_unavailable", HttpStatusCode.ServiceUnavailable), (i, status, problem.GetProperty("code").GetString(), lines));
            Assert.True(await RetryAfterAsync(lethe, payload.ToJsonString(), "/v1/ingest") > TimeSpan.Zero);
            Assert.True(await RetryAfterAsync(lethe, $$"""{"turns":[{{payload.ToJsonString()}}]}""", "/v1/ingest/batch") > TimeSpan.Zero);
            Assert.Equal(1 + (i * 2), await TurnsAsync(producer));

            await RunAsync(lethe, sink, steps[i].Heal);
            Assert.Contains(await UntilTakenAsync(producer, payload.ToJsonString(), "application/json"), (string[])["accepted", "duplicate"]);
            Assert.Contains(await UntilTakenAsync(producer, Producer.Event($"t-{i}"), Producer.Lines), (string[])["accepted", "duplicate"]);
            Assert.Equal(3 + (i * 2), await TurnsAsync(producer));
        }

        // Behind the commit, before the answer: the producer hears nothing, and asks again.
        foreach (var (body, type) in ((string, string)[])[(Producer.Payload("s", "cut off", "k-cut").ToJsonString(), "application/json"), (Producer.Event("t-cut"), Producer.Lines)])
        {
            using var content = new StringContent(body, Encoding.UTF8, type);
            content.Headers.Add(CutAnswers.Header, "1");
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => lethe.Admin.PostAsync("/v1/ingest", content));
            Assert.Equal("duplicate", await UntilTakenAsync(producer, body, type));
        }

        Assert.Equal(3 + (steps.Count * 2), await TurnsAsync(producer));
        for (var i = 0; i < 3; i++)
        {
            var body = Producer.Payload("s", "asked again", "k-gone").ToJsonString();
            using var gone = new CancellationTokenSource();
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            var asked = lethe.Admin.PostAsync("/v1/ingest", content, gone.Token);
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        }

        await UntilTakenAsync(producer, Producer.Payload("s", "asked again", "k-gone").ToJsonString(), "application/json");
        Assert.Equal(4 + (steps.Count * 2), await TurnsAsync(producer));
        string[] store = sink == "postgres" ? ["--Lethe:Sink", "postgres", "--Lethe:Postgres:ConnectionString", StoreOfTest.ConnectionOf(lethe)] : [];
        var (code, told, error) = await LetheProgram.RunAsync(["verify", "--parity", "--data", lethe.DataDirectory, .. store]);
        Assert.True(code == 0, told + error);
    }

    // Behind the begin another writer is in the way; before the commit the position does not move; at the commit what was put off is looked at.
    private static IEnumerable<(string Break, string Heal)> Steps(string sink) => sink == "sqlite"
        ?
        [
            ("ALTER TABLE receipts RENAME TO receipts_away", "ALTER TABLE receipts_away RENAME TO receipts"),
            ("CREATE TRIGGER refuse BEFORE UPDATE ON journal_cursors BEGIN SELECT RAISE(ABORT, 'refused by a test'); END", "DROP TRIGGER refuse"),
            ("CREATE TABLE later (x INTEGER REFERENCES orgs (org) DEFERRABLE INITIALLY DEFERRED); CREATE TRIGGER refuse AFTER UPDATE ON journal_cursors BEGIN INSERT INTO later VALUES (-1); END", "DROP TRIGGER refuse; DROP TABLE later"),
        ]
        :
        [
            ("ALTER TABLE receipts RENAME TO receipts_away", "ALTER TABLE receipts_away RENAME TO receipts"),
            (Refusing + "CREATE TRIGGER refuse BEFORE UPDATE ON journal_cursors FOR EACH ROW EXECUTE FUNCTION refuse_it()", "DROP TRIGGER refuse ON journal_cursors; DROP FUNCTION refuse_it"),
            (Refusing + "CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON journal_cursors DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_it()", "DROP TRIGGER refuse ON journal_cursors; DROP FUNCTION refuse_it"),
        ];

    private const string Refusing = "CREATE FUNCTION refuse_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused by a test' USING ERRCODE = '53100'; END $$; ";

    private static async Task RunAsync(LetheUnderTest lethe, string sink, string sql)
    {
        if (sink == "postgres")
        {
            await using var source = NpgsqlDataSource.Create(StoreOfTest.ConnectionOf(lethe));
            await using var command = source.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
            return;
        }

        await using var store = new SqliteConnection($"Data Source={Path.Combine(lethe.DataDirectory, "lethe.db")};Pooling=False;Default Timeout=30");
        await store.OpenAsync();
        await using var change = store.CreateCommand();
        change.CommandText = sql;
        await change.ExecuteNonQueryAsync();
    }

    private static async Task<string?> UntilTakenAsync(Producer producer, string body, string type)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            var (status, told) = await producer.SendAsync(body, type);
            if (status == HttpStatusCode.OK)
            {
                return (told.TryGetProperty("results", out var results) ? results[0] : told).GetProperty("status").GetString();
            }

            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    private static async Task<TimeSpan?> RetryAfterAsync(LetheUnderTest lethe, string body, string path)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await lethe.Admin.PostAsync(path, content);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        return response.Headers.RetryAfter?.Delta;
    }

    private static async Task<long> TurnsAsync(Producer producer) =>
        (await producer.GetAsync("/v1/sessions")).GetProperty("items").EnumerateArray().Sum(one => one.GetProperty("counters").GetProperty("turns").GetInt64());

    /// <summary>Cuts the connection where the answer of a request that asks for it would begin.</summary>
    private sealed class CutAnswers : IStartupFilter
    {
        public const string Header = "x-cut";

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, go) =>
            {
                if (context.Request.Headers.ContainsKey(Header))
                {
                    context.Response.OnStarting(() =>
                    {
                        context.Abort();
                        return Task.CompletedTask;
                    });
                }

                await go(context);
            });
            next(app);
        };
    }
}
