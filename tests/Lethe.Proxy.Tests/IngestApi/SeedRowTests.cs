using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Lethe.Proxy.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lethe.Proxy.Tests.IngestApi;

/// <summary>Rows of what lethe was made to do that no test beside them shows; each test is named after its row.</summary>
public sealed class SeedRowTests : IAsyncLifetime, IDisposable
{
    private readonly Heard heard = new();
    private LetheUnderTest lethe = null!;
    private Producer producer = null!;

    public async Task InitializeAsync()
    {
        lethe = await LetheUnderTest.StartAsync(configure: services => services.AddLogging(logging => logging.AddProvider(heard)));
        producer = new Producer(lethe);
    }

    public Task DisposeAsync() => lethe.DisposeAsync().AsTask();

    public void Dispose() => heard.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData(""","tool_calls":null,"metadata":null,"model":null,"tokens_in":null,"tokens_out":null,"cost_usd":null,"seq":null,"session_meta":null""")]
    public async Task L_14_what_is_null_and_what_is_not_there_are_the_same_and_never_a_word(string more)
    {
        await producer.SendAsync(Producer.Event("t1", more: more), Producer.Lines);

        var record = Assert.Single((await producer.GetAsync("/v1/exchanges")).GetProperty("items").EnumerateArray());
        Assert.Equal(JsonValueKind.Null, record.GetProperty("usage").ValueKind);
        Assert.Equal(JsonValueKind.Null, record.GetProperty("cost_nano_usd").ValueKind);
        Assert.Equal(0, record.GetProperty("reply").GetProperty("tool_calls").GetArrayLength());
        var session = (await producer.GetAsync("/v1/sessions/s-1")).GetProperty("session");
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (session.GetProperty("metadata").ValueKind, session.GetProperty("cwd").ValueKind));
        Assert.DoesNotContain("\"null\"", record.GetRawText() + session.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task L_18_what_was_taken_known_already_refused_and_committed_is_counted()
    {
        await producer.SendAsync(Producer.Payload("s", "one", "k"));
        var before = await CountsAsync();
        await producer.SendAsync(string.Join('\n', Producer.Event("t1"), Producer.Event("t2"), Producer.Event("t1")), Producer.Lines);
        await producer.SendAsync(Producer.Payload("s", "one", "k"));
        await producer.SendAsync(Producer.Payload("s", "other", "k"));

        var after = await CountsAsync();
        Assert.Equal((2d, 2d, 1d), (after.Taken - before.Taken, after.Known - before.Known, after.Refused - before.Refused));
        Assert.True(after.Committed > before.Committed);
    }

    [Fact]
    public async Task L_19_a_delivery_that_is_put_aside_is_told_in_the_log_with_its_code_and_none_of_its_words()
    {
        await producer.SendAsync(Producer.Payload("s", "the first words", "k"));
        await producer.SendAsync(Producer.Payload("s", "words that are nobody's business", "k"));

        var line = Assert.Single(heard.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("dead letter", StringComparison.Ordinal));
        Assert.Contains("idempotency_conflict", line.Text, StringComparison.Ordinal);
        Assert.All(heard.Lines, one => Assert.DoesNotContain("nobody's business", one.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task L_30_sessions_are_found_by_tool_place_and_time_and_told_fifty_at_a_time_and_two_hundred_at_most()
    {
        var lines = Enumerable.Range(0, 210).Select(i => Producer.Event(
            "t" + i, session: "s-" + i.ToString("d3", CultureInfo.InvariantCulture), at: 1_700_000_000 + i, more: i % 70 == 0 ? ""","session_meta":{"working_dir":"/work/here"}""" : ""));
        await producer.SendAsync(string.Join('\n', lines), Producer.Lines);

        Assert.Equal(50, await CountAsync(""));
        Assert.Equal(200, await CountAsync("?limit=200"));
        Assert.Equal(HttpStatusCode.BadRequest, (await lethe.Admin.GetAsync("/v1/sessions?limit=201")).StatusCode);
        Assert.Equal(3, await CountAsync("?cwd=/work/here"));
        Assert.Equal(0, await CountAsync("?cwd=/work"));
        Assert.Equal((50, 0), (await CountAsync("?harness=claude-code"), await CountAsync("?harness=codex")));
        var (from, to) = (Time(1_700_000_100), Time(1_700_000_110));
        Assert.Equal(10, await CountAsync($"?since={from}&until={to}"));
        var page = (await producer.GetAsync($"/v1/sessions?since={from}&until={to}")).GetProperty("items").EnumerateArray().Select(one => one.GetProperty("harness_session_id").GetString());
        Assert.Equal(Enumerable.Range(100, 10).Reverse().Select(i => $"s-{i}"), page);
    }

    [Fact]
    public async Task T3_3i_a_payload_without_a_session_block_has_a_session_of_its_conversation()
    {
        var (_, first) = await producer.SendAsync(Producer.Payload("", "hi", "k1", change: payload => payload.Remove("session")));
        var (_, other) = await producer.SendAsync(Producer.Payload("", "hello", "k2", change: payload => payload.Remove("session")));

        Assert.NotNull(first.GetProperty("session_id").GetString());
        Assert.NotEqual(first.GetProperty("session_id").GetString(), other.GetProperty("session_id").GetString());
        var record = await producer.GetAsync("/v1/exchanges/" + first.GetProperty("exchange_id").GetString());
        Assert.Equal("synthetic", record.GetProperty("session").GetProperty("id_origin").GetString());
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task T3_3k_NUL_and_half_a_surrogate_cost_no_turn(string sink)
    {
        await using var other = await StoreOfTest.StartAsync(sink);
        var writer = new Producer(other);
        var payload = Producer.Payload("s", "@", "k").ToJsonString().Replace("\"@\"", "\"a\\u0000b \\ud800 c\"", StringComparison.Ordinal);
        var (status, result) = await writer.SendAsync(payload, "application/json");
        var (lines, told) = await writer.SendAsync(Producer.Event("t1", "a\\u0000b \\udc00 c"), Producer.Lines);

        Assert.Equal((HttpStatusCode.OK, "accepted", HttpStatusCode.OK, 1), (status, result.GetProperty("status").GetString(), lines, told.GetProperty("accepted").GetInt32()));
        using var request = await other.Admin.GetAsync($"/v1/exchanges/{result.GetProperty("exchange_id").GetString()}/request");
        Assert.Contains("a\\u0000b \\ud800 c", await request.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, (await writer.GetAsync("/v1/sessions/s-1")).GetProperty("session").GetProperty("counters").GetProperty("turns").GetInt32());
    }

    private async Task<int> CountAsync(string query) => (await producer.GetAsync("/v1/sessions" + query)).GetProperty("items").GetArrayLength();

    private static string Time(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private async Task<(double Taken, double Known, double Refused, double Committed)> CountsAsync()
    {
        var lines = (await lethe.Admin.GetStringAsync("/metrics")).Split('\n');
        double Sum(string start, string? label = null) => lines.Where(line => line.StartsWith(start, StringComparison.Ordinal) && (label is null || line.Contains(label, StringComparison.Ordinal)))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
        return (Sum("lethe_exchanges_total{", "door=\"ingest\""), Sum("lethe_replays_total "), Sum("lethe_conflicts_total "), Sum("lethe_ingest_batch_size_count"));
    }

    private sealed class Heard : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue((logLevel, formatter(state, exception) + exception));

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
