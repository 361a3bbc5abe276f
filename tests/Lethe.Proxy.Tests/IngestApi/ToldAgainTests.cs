using System.Globalization;
using System.Net;
using System.Text.Json;
using Lethe.Proxy.Tests.Commands;
using Lethe.Proxy.Tests.Hosting;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Tests.IngestApi;

/// <summary>Turns that a producer tells again, on either store and through the door.</summary>
public sealed class ToldAgainTests
{
    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task L_12_a_turn_told_anew_replaces_the_earlier_one_and_counters_move_by_the_difference(string sink)
    {
        await using var lethe = await StartAsync(sink);
        var producer = new Producer(lethe);
        await producer.SendAsync(
            string.Join('\n', Said("t1", "one", 1, 10, 0.25m), Said("t2", "two", 2, 20, 0.5m, """,{"id":"c2","name":"Read","input":{}}"""), Said("t3", "three", 3, 30, 1m)), Producer.Lines);

        var (status, again) = await producer.SendAsync(string.Join('\n', Said("t2", "other", 5, 7, 0.125m), Said("t2", "last", 6, 8, 0.125m), Said("t1", "one", 1, 10, 0.25m)), Producer.Lines);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            ["accepted replaced", "accepted replaced", "duplicate duplicate"],
            again.GetProperty("results").EnumerateArray().Select(one => $"{one.GetProperty("status")} {one.GetProperty("code")}"));
        var items = (await producer.GetAsync("/v1/exchanges?order=asc")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["one", "three", "last"], items.Select(one => one.GetProperty("reply").GetProperty("text").GetString()));
        Assert.Equal([1, 2, 3], items.Select(one => one.GetProperty("turn").GetProperty("seq").GetInt32()));
        var counters = await CountersAsync(producer, "s-1");
        Assert.Equal((3, 48, 1_375_000_000, 3, 3), (
            Number(counters, "turns"), Number(counters, "input"), Number(counters, "cost_nano_usd"), Number(counters, "exchanges"), Number(counters, "tool_calls")));
        await SoundAsync(lethe, sink);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task L_12_an_earlier_wording_told_once_more_is_the_last_word(string sink)
    {
        await using var lethe = await StartAsync(sink);
        var producer = new Producer(lethe);
        foreach (var content in (string[])["a", "b", "a", "b", "a"])
        {
            var (_, told) = await producer.SendAsync(Said("t1", content, 1, 1, 1m), Producer.Lines);
            Assert.Equal("accepted", told.GetProperty("results")[0].GetProperty("status").GetString());
        }

        Assert.Equal("a", Assert.Single((await producer.GetAsync("/v1/exchanges")).GetProperty("items").EnumerateArray()).GetProperty("reply").GetProperty("text").GetString());
        Assert.Equal(1, Number(await CountersAsync(producer, "s-1"), "turns"));
        await SoundAsync(lethe, sink);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task L_12_a_message_that_another_turn_says_too_stays_when_one_of_them_is_told_anew(string sink)
    {
        await using var lethe = await StartAsync(sink);
        var producer = new Producer(lethe);
        await producer.SendAsync(string.Join('\n', Producer.Event("t1", "same", at: 1), Producer.Event("t2", "same", at: 2), Producer.Event("t1", "new", at: 1)), Producer.Lines);

        Assert.Equal(["new", "same"], (await producer.GetAsync("/v1/exchanges?order=asc")).GetProperty("items").EnumerateArray().Select(one => one.GetProperty("reply").GetProperty("text").GetString()));
        await SoundAsync(lethe, sink);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task L_09_two_machines_may_use_one_session_id(string sink)
    {
        await using var lethe = await StartAsync(sink);
        var producer = new Producer(lethe);
        var first = Producer.Event("t1");
        var second = first.Replace("box-1", "box-2", StringComparison.Ordinal);
        await producer.SendAsync(string.Join('\n', first, second, Producer.Event("t2")), Producer.Lines);
        await producer.SendAsync(second.Replace("t1", "t2", StringComparison.Ordinal), Producer.Lines);

        var sessions = (await producer.GetAsync("/v1/sessions")).GetProperty("items").EnumerateArray()
            .Select(one => $"{one.GetProperty("harness_session_id")} {one.GetProperty("counters").GetProperty("turns")}").Order();
        Assert.Equal(["box-2/s-1 2", "s-1 2"], sessions);
        await SoundAsync(lethe, sink);
    }

    [Theory]
    [InlineData("sqlite", true)]
    [InlineData("sqlite", false)]
    [InlineData("postgres", true)]
    public async Task L_10_of_turns_of_one_second_the_first_by_the_producers_id_is_heard_and_the_earliest_beginning(string sink, bool inOrder)
    {
        await using var lethe = await StartAsync(sink);
        var producer = new Producer(lethe);
        string[] lines =
        [
            Producer.Event("a1", more: ""","session_meta":{"working_dir":"/first","started_at":1764230300}"""),
            Producer.Event("a2", more: ""","session_meta":{"working_dir":"/second","started_at":1764230200}"""),
        ];
        await producer.SendAsync(string.Join('\n', inOrder ? lines : lines.Reverse()), Producer.Lines);

        var session = (await producer.GetAsync("/v1/sessions/s-1")).GetProperty("session");
        Assert.Equal("/first", session.GetProperty("cwd").GetString());
        Assert.Equal("""{"started_at":"2025-11-27T07:56:40.000000Z"}""", session.GetProperty("metadata").GetString());
    }

    [Fact]
    public async Task L_20_a_turn_that_tells_no_cost_is_unpriced_and_not_free()
    {
        await using var lethe = await StartAsync("sqlite");
        var producer = new Producer(lethe);
        await producer.SendAsync(string.Join('\n', Said("t1", "told", 1, 1, 0m), Producer.Event("t2")), Producer.Lines);

        var counters = await CountersAsync(producer, "s-1");
        Assert.Equal((0, 1), (Number(counters, "cost_nano_usd"), Number(counters, "unpriced_turns")));
        var costs = (await producer.GetAsync("/v1/exchanges")).GetProperty("items").EnumerateArray().Select(one => one.GetProperty("cost_nano_usd").GetRawText()).Order();
        Assert.Equal(["0", "null"], costs);
    }

    [Fact]
    public async Task L_15_what_the_store_refuses_of_one_line_is_that_lines_and_told_by_its_code()
    {
        await using var lethe = await StartAsync("sqlite");
        var producer = new Producer(lethe);
        await producer.SendAsync(Producer.Event("t0"), Producer.Lines);
        using (var store = new SqliteConnection($"Data Source={Path.Combine(lethe.DataDirectory, "lethe.db")};Pooling=False"))
        {
            store.Open();
            using var command = store.CreateCommand();
            command.CommandText = "CREATE TRIGGER refuse BEFORE INSERT ON exchanges WHEN NEW.model_served = 'refused' BEGIN SELECT RAISE(ABORT, 'refused by a test'); END";
            command.ExecuteNonQuery();
        }

        var (status, told) = await producer.SendAsync(string.Join('\n', Producer.Event("t1"), Producer.Event("t2", more: ""","model":"refused" """), Producer.Event("t3")), Producer.Lines);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            ["accepted ", "rejected DB_CONSTRAINT", "accepted "],
            told.GetProperty("results").EnumerateArray().Select(one => $"{one.GetProperty("status")} {one.GetProperty("code")}"));
        Assert.Equal(3, Number(await CountersAsync(producer, "s-1"), "turns"));
    }

    private static string Said(string turn, string content, int at, int tokens, decimal cost, string call = "") => Producer.Event(
        turn,
        content,
        at: at,
        more: $$$""","tokens_in":{{{tokens}}},"cost_usd":{{{cost.ToString(CultureInfo.InvariantCulture)}}},"tool_calls":[{"id":"{{{turn}}}","name":"Bash","input":{}}{{{call}}}]""");

    private static async Task<JsonElement> CountersAsync(Producer producer, string session) =>
        (await producer.GetAsync("/v1/sessions/" + session)).GetProperty("session").GetProperty("counters");

    private static long Number(JsonElement counters, string name) => counters.GetProperty(name).GetInt64();

    private static Task<LetheUnderTest> StartAsync(string sink) => StoreOfTest.StartAsync(sink);

    // What was stored agrees with itself and with the journal, and a replay stores nothing.
    private static async Task SoundAsync(LetheUnderTest lethe, string sink)
    {
        string[] store = sink == "postgres" ? ["--Lethe:Sink", "postgres", "--Lethe:Postgres:ConnectionString", StoreOfTest.ConnectionOf(lethe)] : [];
        var (_, replayed, _) = await LetheProgram.RunAsync(["replay", "--data", lethe.DataDirectory, .. store]);
        Assert.StartsWith("0 replayed", replayed, StringComparison.Ordinal);
        var (code, told, error) = await LetheProgram.RunAsync(["verify", "--parity", "--data", lethe.DataDirectory, .. store]);
        Assert.True(code == 0, told + error);
    }
}
