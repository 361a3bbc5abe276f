using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Ingest.Postgres;
using Lethe.Ingest.Sqlite;
using Lethe.Ingest.Verifying;
using Lethe.Proxy.Tests.Hosting;

namespace Lethe.Proxy.Tests.IngestApi;

/// <summary>
/// What must hold whatever producers hand in, in whatever order, however often, by whichever way of the door: of the rows, and of what the interface tells.
/// All orders of one workload come at the same time, each to organisations of its own.
/// </summary>
public sealed class DoorInvariantTests
{
    private const int Workloads = 6;
    private const int Orders = 3;

    private int organisations;
    private int unknown;
    private int foreign;

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Whatever_producers_hand_in_counters_are_sums_orders_are_equal_and_organisations_are_apart(string sink)
    {
        await using var lethe = await StoreOfTest.StartAsync(sink);
        using var verifier = sink == "postgres" ? PostgresStore.VerifierAt(StoreOfTest.ConnectionOf(lethe)) : SqliteStore.VerifierAt(Path.Combine(lethe.DataDirectory, "lethe.db"));
        await HoldsAsync(lethe, verifier, [.. Enumerable.Range(1, 16)], 7);
        await Task.Run(() => FsCheck.Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(Workloads), Prop.ForAll(ProducedItem.Workloads, workload => HoldsAsync(lethe, verifier, workload.Seeds, workload.Order))));

        Assert.True(unknown > 0 && foreign > 0, "the workloads met no unknown number, or no other organisation's message");
        await SoundAsync(lethe, sink);
    }

    private async Task HoldsAsync(LetheUnderTest lethe, StoreVerifier verifier, int[] seeds, int order)
    {
        var producer = new Producer(lethe);
        var states = await Task.WhenAll(Enumerable.Range(0, Orders).Select(async i =>
        {
            // The first organisation of all is the one that a lethe without tokens has.
            var (ours, theirs) = (NewOrg(), NewOrg());
            var (items, others) = (ProducedItem.Tell(seeds, "ours "), ProducedItem.Tell([.. seeds.Reverse()], "theirs "));
            await Task.WhenAll(DeliverAsync(producer, ours, items, order + i), DeliverAsync(producer, theirs, others, order + i));
            return (State: await StateAsync(producer, ours, theirs, items) + await StateAsync(producer, theirs, ours, others), ours, theirs, items);
        }));

        Assert.All(states, one => Assert.Equal(states[0].State, one.State));
        Assert.Empty(verifier.Verify().Select(fault => fault.ToString()));
        var (state, org, other, told) = states[0];
        await ForgeAsync(producer, org, told);
        Assert.StartsWith(await StateAsync(producer, org, other, told), state, StringComparison.Ordinal);
    }

    private string NewOrg() => organisations++ == 0 ? Capture.Exchanges.Organisation.None : new Guid(organisations, 0, 0x4000, [0x80, 0, 0, 0, 0, 0, 0, 1]).ToString();

    // In pieces of any size, alone, as batches, and as lines; what only the journal was waited for is committed before the last is answered.
    private static async Task DeliverAsync(Producer producer, string org, ProducedItem[] items, int order)
    {
        var random = new Random(order);
        var all = ProducedItem.Shuffle(items, order);
        for (var at = 0; at < all.Length;)
        {
            var some = all[at..Math.Min(all.Length, at + random.Next(1, 7))];
            at += some.Length;
            var wait = at < all.Length && random.Next(4) == 0 ? "&wait=journal" : "";
            var results = await SendAsync(producer, org, some, random.Next(3), wait);
            Assert.Equal(some.Length, results.Count);
            Assert.All(results, status => Assert.Contains(status, wait.Length > 0 ? ["journaled"] : (string[])["accepted", "duplicate"]));
        }
    }

    private static async Task<List<string>> SendAsync(Producer producer, string org, ProducedItem[] items, int way, string wait)
    {
        var query = $"?org={org}{wait}";
        if (way == 0 || (way == 1 && items.Any(item => item.IsEvent)))
        {
            var (_, told) = await producer.SendAsync(string.Join('\n', items.Select(item => item.Json)), Producer.Lines, (items.Length % 2 == 0 ? "/api/v1/ingest" : "/v1/ingest") + query);
            return StatusesOf(told);
        }

        if (way == 1)
        {
            var (_, told) = await producer.SendAsync(new JsonObject { ["turns"] = new JsonArray([.. items.Select(item => JsonNode.Parse(item.Json))]) }, "/v1/ingest/batch" + query);
            return StatusesOf(told);
        }

        List<string> statuses = [];
        foreach (var item in items)
        {
            var (_, told) = await producer.SendAsync(item.Json, item.IsEvent ? Producer.Lines : "application/json", "/v1/ingest" + query);
            statuses.AddRange(item.IsEvent ? StatusesOf(told) : [Text(told, "status")]);
        }

        return statuses;
    }

    private static List<string> StatusesOf(JsonElement told) => [.. told.GetProperty("results").EnumerateArray().Select(one => Text(one, "status"))];

    // Everything that the interface tells of an organisation, without what is a delivery's own: ids of rows and how long it took. What must hold is looked at on the way.
    private async Task<string> StateAsync(Producer producer, string org, string other, ProducedItem[] items)
    {
        var sessions = (await producer.GetAsync($"/v1/sessions?limit=200&org={org}")).GetProperty("items").EnumerateArray().ToList();
        var exchanges = (await producer.GetAsync($"/v1/exchanges?limit=200&org={org}")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(items.Length, exchanges.Count);
        Counted(sessions, exchanges);
        Linked(sessions);
        Numbers(exchanges);
        await OwnAsync(producer, org, other, exchanges);
        var text = new StringBuilder();
        text.AppendJoin('\n', sessions.Select(session => session.GetRawText()).Concat(exchanges.Select(Lasting)).Order(StringComparer.Ordinal)).AppendLine();
        foreach (var (exchange, i) in exchanges.OrderBy(one => Text(one, "commit_key"), StringComparer.Ordinal).Select((one, i) => (one, i)))
        {
            text.Replace(Text(exchange, "exchange_id"), $"exchange {i}");
        }

        foreach (var session in sessions)
        {
            text.Replace(Text(session, "session_id"), $"{Text(session, "harness_id")} {Text(session, "harness_session_id")}");
        }

        // Names that were put in come to stand in another order than ids stood.
        return string.Join('\n', text.Replace(org, "org").ToString().Split('\n').Order(StringComparer.Ordinal));
    }

    private static string Lasting(JsonElement exchange)
    {
        var lasting = JsonNode.Parse(exchange.GetRawText())!.AsObject();
        foreach (var own in (string[])["timing", "replayed"])
        {
            lasting.Remove(own);
        }

        return lasting.ToJsonString();
    }

    // Counters are sums; a session's turns are numbered without a gap.
    private static void Counted(List<JsonElement> sessions, List<JsonElement> exchanges)
    {
        foreach (var session in sessions)
        {
            var own = exchanges.Where(one => one.GetProperty("session") is { ValueKind: JsonValueKind.Object } of && Text(of, "id") == Text(session, "session_id")).ToList();
            var counters = session.GetProperty("counters");
            var turns = own.Select(one => one.GetProperty("turn")).Where(turn => turn.ValueKind == JsonValueKind.Object && turn.GetProperty("seq").ValueKind == JsonValueKind.Number)
                .Select(turn => turn.GetProperty("seq").GetInt64()).Order().ToList();
            Assert.Equal(Enumerable.Range(1, turns.Count).Select(seq => (long)seq), turns);
            Assert.Equal(
                (own.Count, turns.Count, own.Sum(one => Sum(one, "input_tokens")), own.Sum(one => Sum(one, "output_tokens")), own.Sum(one => Number(one, "cost_nano_usd"))),
                (Number(counters, "exchanges"), Number(counters, "turns"), Number(counters, "input_total"), Number(counters, "output"), Number(counters, "cost_nano_usd")));
        }
    }

    // A parent is of the same organisation; a placeholder has no turns, and somebody names it.
    private static void Linked(List<JsonElement> sessions)
    {
        var byId = sessions.ToDictionary(session => Text(session, "session_id"));
        foreach (var session in sessions)
        {
            if (session.GetProperty("parent_session_id").GetString() is { } parent)
            {
                Assert.Contains(parent, byId.Keys);
                Assert.NotEqual(parent, Text(session, "session_id"));
            }

            if (session.GetProperty("is_placeholder").GetBoolean())
            {
                Assert.Equal((0, 0), (Number(session.GetProperty("counters"), "exchanges"), Number(session.GetProperty("counters"), "turns")));
                Assert.Contains(sessions, child => child.GetProperty("parent") is { ValueKind: JsonValueKind.Object } named && named.GetProperty("session_id").GetString() == Text(session, "session_id"));
            }
        }
    }

    // What nobody told is null, and not nothing.
    private void Numbers(List<JsonElement> exchanges)
    {
        foreach (var exchange in exchanges.Where(one => one.GetProperty("usage").ValueKind == JsonValueKind.Null))
        {
            unknown++;
            Assert.Equal(JsonValueKind.Null, exchange.GetProperty("cost_nano_usd").ValueKind);
        }
    }

    // A chain is whole from its root on, and nobody else reads a message or a prompt of it by its hash.
    private async Task OwnAsync(Producer producer, string org, string other, List<JsonElement> exchanges)
    {
        if (exchanges.FirstOrDefault(one => Number(one.GetProperty("chain"), "length") > 1) is not { ValueKind: JsonValueKind.Object } exchange)
        {
            return;
        }

        var chain = exchange.GetProperty("chain");
        var hashes = (await producer.GetAsync($"/v1/exchanges/{Text(exchange, "exchange_id")}/chain?org={org}")).GetProperty("messages").EnumerateArray().Select(hash => hash.GetString()!).ToList();
        Assert.Equal((Number(chain, "length"), Text(chain, "root"), Text(chain, "leaf")), (hashes.Count, hashes[0], hashes[^1]));
        foreach (var hash in hashes)
        {
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (await producer.AskAsync($"/v1/nodes/{hash}?org={org}"), await producer.AskAsync($"/v1/nodes/{hash}?org={other}")));
            foreign++;
        }

        if (chain.GetProperty("system").GetString() is { } system)
        {
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (await producer.AskAsync($"/v1/blobs/{system}?org={org}"), await producer.AskAsync($"/v1/blobs/{system}?org={other}")));
        }
    }

    // Something else under a key that is known is a conflict, alone and among others.
    private static async Task ForgeAsync(Producer producer, string org, ProducedItem[] items)
    {
        foreach (var item in items.Where(item => !item.IsEvent).Take(3))
        {
            var (status, problem) = await producer.SendAsync(item.Forged(), "/v1/ingest?org=" + org);
            Assert.Equal((HttpStatusCode.Conflict, "idempotency_conflict"), (status, Text(problem, "code")));
            var (_, told) = await producer.SendAsync(item.Forged().ToJsonString(), Producer.Lines, "/v1/ingest?org=" + org);
            Assert.Equal(["conflict"], StatusesOf(told));
        }
    }

    // Journal and store agree; out of the journal alone comes the same, told once.
    private static async Task SoundAsync(LetheUnderTest lethe, string sink)
    {
        string[] store = sink == "postgres" ? ["--Lethe:Sink", "postgres", "--Lethe:Postgres:ConnectionString", StoreOfTest.ConnectionOf(lethe)] : [];
        var (code, output, error) = await LetheProgram.RunAsync(["verify", "--parity", "--data", lethe.DataDirectory, .. store]);
        Assert.True(code == 0, output + error);
        var anew = Path.Combine(Path.GetDirectoryName(lethe.DataDirectory)!, "anew");
        var (replayed, told, fault) = await LetheProgram.RunAsync("replay", "--data", lethe.DataDirectory, "--into", anew);
        Assert.True(replayed is 0 or 1, told + fault);
        var there = (await LetheProcess.ExportAsync(anew)).Select(Lasting).Order(StringComparer.Ordinal);
        var here = (await new Producer(lethe).GetAsync("/v1/exchanges?limit=200")).GetProperty("items").EnumerateArray().Select(Lasting).Order(StringComparer.Ordinal);
        Assert.Equal(here, there);
    }

    private static string Text(JsonElement holder, string name) => holder.GetProperty(name).GetString() ?? "-";

    private static long Number(JsonElement holder, string name) => holder.GetProperty(name) is { ValueKind: JsonValueKind.Number } value ? value.GetInt64() : 0;

    private static long Sum(JsonElement exchange, string name) => exchange.GetProperty("usage") is { ValueKind: JsonValueKind.Object } usage ? Number(usage, name) : 0;
}
