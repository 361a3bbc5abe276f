using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Proxy.Access;
using Lethe.Proxy.Tests.Commands;
using Lethe.Proxy.Tests.Hosting;
using Lethe.Proxy.Tests.IngestApi;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Lethe.Proxy.Tests.Shipping;

/// <summary>A recorder whose store is another lethe.</summary>
public sealed class ShippingTests : IAsyncLifetime
{
    private FakeModelApi api = null!;
    private CentreRelay relay = null!;

    public async Task InitializeAsync()
    {
        api = await FakeModelApi.StartAsync(AnswerAsync);
        relay = await CentreRelay.StartAsync(losesOneOf: 2);
    }

    public async Task DisposeAsync()
    {
        await relay.DisposeAsync();
        await api.DisposeAsync();
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task The_centre_has_the_same_record_once_whatever_answers_are_lost(string sink)
    {
        await using var centre = await StoreOfTest.StartAsync(sink, options => options.Tokens.Required = "always");
        var token = await TokenAsync(centre, Capture.Exchanges.Organisation.None);
        await using var sidecar = await SidecarAsync(token);
        relay.Target = centre.Host.Doors.Admin;
        var producer = new Producer(sidecar);

        for (var i = 0; i < 12; i++)
        {
            await SayAsync(sidecar, i);
        }

        await producer.SendAsync(Producer.Payload("s-1", "hi", "k"));
        await producer.SendAsync(string.Join('\n', Producer.Event("t1"), Producer.Event("t1", "told anew"), Producer.Event("t2", at: 5)), Producer.Lines);
        var there = await UntilThereAsync(centre, token, 15);

        Assert.True(relay.Refused > 0);
        Assert.Equal(await OwnRecordsAsync(sidecar), string.Join('\n', there.Select(Comparable).Order(StringComparer.Ordinal)));
        Assert.Equal(["ingest"], there.Select(one => one.GetProperty("door").GetString()).Distinct());
        Assert.Empty((await LetheProgram.RunAsync("dead", "list", "--data", sidecar.DataDirectory)).Output);
    }

    [Fact]
    public async Task What_comes_while_the_centre_is_away_is_shipped_when_it_is_back_the_oldest_first()
    {
        await using var centre = await LetheUnderTest.StartAsync(options => options.Tokens.Required = "always");
        var token = await TokenAsync(centre, Capture.Exchanges.Organisation.None);
        await using var sidecar = await SidecarAsync(token);
        for (var i = 0; i < 20; i++)
        {
            await SayAsync(sidecar, i);
        }

        using (var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30)))
        using (var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20)))
        {
            while (Volatile.Read(ref relay.Refused) < 2)
            {
                await tick.WaitForNextTickAsync(bound.Token);
            }
        }

        // Calls go on, and the recorder is ready to record: only its centre is away.
        Assert.Equal(HttpStatusCode.OK, (await sidecar.Admin.GetAsync("/readyz")).StatusCode);
        relay.Target = centre.Host.Doors.Admin;
        var there = await UntilThereAsync(centre, token, 20);

        var order = there.OrderBy(one => one.GetProperty("captured_at").GetString(), StringComparer.Ordinal).Select(one => one.GetProperty("exchange_id").GetString());
        Assert.Equal(order, there.Select(one => one.GetProperty("exchange_id").GetString()));
    }

    [Fact]
    public async Task However_long_the_centre_is_away_the_journal_stays_within_its_bound_what_it_cannot_hold_is_counted_and_the_rest_is_shipped()
    {
        const int BytesMax = 256 * 1024;
        const int SegmentBytesMax = 32 * 1024;
        await using var centre = await LetheUnderTest.StartAsync(options => options.Tokens.Required = "always");
        var token = await TokenAsync(centre, Capture.Exchanges.Organisation.None);
        await using var sidecar = await SidecarAsync(token, options => (options.Journal.BytesMax, options.Journal.SegmentBytesMax) = (BytesMax, SegmentBytesMax));
        var before = await DroppedAsync(sidecar);
        var said = 0;
        while (await DroppedAsync(sidecar) - before < 5)
        {
            Assert.InRange(said, 0, 500);
            await SayAsync(sidecar, said, Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(4 * 1024)));
            said++;
        }

        var (refused, problem) = await new Producer(sidecar).SendAsync(Producer.Payload("s-1", "hi", "k"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "store_unavailable"), (refused, problem.GetProperty("code").GetString()));
        var dropped = (int)(await DroppedAsync(sidecar) - before);
        var held = Directory.EnumerateFiles(Path.Combine(sidecar.DataDirectory, "journal")).Sum(file => new FileInfo(file).Length);
        // It is measured behind the writer, when a segment closes.
        Assert.InRange(held, BytesMax / 2, 2 * BytesMax);

        relay.Target = centre.Host.Doors.Admin;
        var there = await UntilThereAsync(centre, token, said - dropped);
        Assert.Equal(said - dropped, there.Count);
        Assert.Equal(Enumerable.Range(0, said - dropped).Select(i => "own-" + i), there.Select(one => one.GetProperty("client_key").GetString()));

        // There is room again.
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await UntilThereAsync(centre, token, there.Count)).Count == there.Count)
        {
            await SayAsync(sidecar, said);
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("Wed, 01 Jan 2031 00:00:30 GMT", 30)]
    [InlineData("86400", 300)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public void What_the_centre_asks_to_be_left_alone_for_is_heard_up_to_a_bound(string? asked, int? seconds)
    {
        using var centre = new Proxy.Shipping.Centre(new() { Address = "http://127.0.0.1:1" }, new NewYear(), new Refusing(asked));

        var refused = Assert.Throws<Ingest.Meaning.StoreUnavailableException>(() => centre.Ship([]));

        Assert.Equal((seconds is { } known ? TimeSpan.FromSeconds(known) : null, true), (refused.RetryAfter, refused.IsPassing));
    }

    [Fact]
    public async Task What_the_centre_has_otherwise_is_put_aside_and_the_rest_goes_on()
    {
        await using var centre = await LetheUnderTest.StartAsync(options => options.Tokens.Required = "always");
        var token = await TokenAsync(centre, Capture.Exchanges.Organisation.None);
        await new Producer(centre).SendAsync(Producer.Payload("s-1", "first", "k"), token: token);
        await using var sidecar = await SidecarAsync(token);
        relay.Target = centre.Host.Doors.Admin;
        var producer = new Producer(sidecar);

        var (status, problem) = await producer.SendAsync(Producer.Payload("s-1", "other", "k"));
        var (after, _) = await producer.SendAsync(Producer.Payload("s-1", "next", "k2"));

        Assert.Equal((HttpStatusCode.Conflict, "idempotency_conflict", HttpStatusCode.OK), (status, problem.GetProperty("code").GetString(), after));
        Assert.Contains("idempotency_conflict", (await LetheProgram.RunAsync("dead", "list", "--data", sidecar.DataDirectory)).Output, StringComparison.Ordinal);
        Assert.Equal(2, (await UntilThereAsync(centre, token, 2)).Count);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"id":"0190a0a0-0000-7000-8000-000000000000","commit_key":"k","path":"no-slash","ending":"Completed"}""")]
    [InlineData("""{"id":"0190a0a0-0000-7000-8000-000000000000","commit_key":"k","path":"/","ending":"Completed","captured_at":-1}""")]
    [InlineData("""{"id":"0190a0a0-0000-7000-8000-000000000000","commit_key":"\ud800","path":"/","ending":"Completed","captured_at":1}""")]
    [InlineData("""{"id":"0190a0a0-0000-7000-8000-000000000000","commit_key":"k","path":"/","ending":"77","captured_at":1}""")]
    [InlineData("[1]")]
    public async Task A_line_that_is_no_shipped_call_is_rejected(string line)
    {
        await using var centre = await LetheUnderTest.StartAsync();
        var (status, told) = await new Producer(centre).SendAsync(line, "application/x-lethe-calls");

        Assert.Equal((HttpStatusCode.OK, "bad_call"), (status, told.GetProperty("results")[0].GetProperty("code").GetString()));
        Assert.Equal(0, (await new Producer(centre).GetAsync("/v1/exchanges")).GetProperty("items").GetArrayLength());
    }

    private static async Task<string> TokenAsync(LetheUnderTest centre, string org) =>
        (await new TokenFile(centre.DataDirectory, TimeProvider.System).CreateAsync(org, null, [AccessScope.Read, AccessScope.Ingest], null)).Text.ToString();

    private async Task<LetheUnderTest> SidecarAsync(string token, Action<Proxy.Configuration.LetheOptions>? change = null)
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("lethe-test-").FullName, "token");
        await File.WriteAllTextAsync(file, token);
        return await LetheUnderTest.StartAsync(options =>
        {
            options.Upstreams["anthropic"] = new() { Address = api.Address };
            (options.Sink, options.Remote.Address, options.Remote.TokenFile) = ("remote", relay.Address, file);
            change?.Invoke(options);
        });
    }

    private static async Task<double> DroppedAsync(LetheUnderTest sidecar) => (await sidecar.Admin.GetStringAsync("/metrics")).Split('\n')
        .Where(line => line.StartsWith("lethe_drops_total{reason=\"journal_full\"}", StringComparison.Ordinal))
        .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));

    private static async Task SayAsync(LetheUnderTest sidecar, int i, string more = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/anthropic/v1/messages")
        {
            Content = new StringContent($$"""{"model":"claude-sonnet-4-5","max_tokens":9,"n":{{i}},"messages":[{"role":"user","content":"question {{i / 2}}{{more}}"}]}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("x-lethe-commit-key", "own-" + i);
        request.Headers.Add("x-api-key", "sk-ant-secret");
        request.Headers.Add("x-lethe-harness-session-id", "wire-" + (i % 3));
        using var response = await sidecar.Forwarding.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
    }

    // Every fourth fails.
    private static async Task AnswerAsync(HttpContext context)
    {
        using var reading = new StreamReader(context.Request.Body);
        context.Response.Headers["request-id"] = "req_1";
        context.Response.ContentType = "application/json";
        if (context.Request.Headers["x-lethe-none"].Count == 0 && Environment.TickCount64 % 4 == 0)
        {
            context.Response.StatusCode = 529;
            await context.Response.WriteAsync("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""");
            return;
        }

        await context.Response.WriteAsync(
            """{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"yes"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":4}}""");
    }

    private static async Task<List<JsonElement>> UntilThereAsync(LetheUnderTest centre, string token, int count)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/exchanges?limit=200&order=asc");
            request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", token);
            using var response = await centre.Admin.SendAsync(request, bound.Token);
            var items = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("items").EnumerateArray().ToList();
            if (items.Count >= count)
            {
                return items;
            }

            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    // What a store of its own would hold.
    private static async Task<string> OwnRecordsAsync(LetheUnderTest sidecar)
    {
        var own = Path.Combine(Path.GetDirectoryName(sidecar.DataDirectory)!, "own");
        var (code, output, error) = await LetheProgram.RunAsync("replay", "--data", sidecar.DataDirectory, "--into", own);
        Assert.True(code == 0, output + error);
        return string.Join('\n', (await LetheProcess.ExportAsync(own)).Select(Comparable).Order(StringComparer.Ordinal));
    }

    private static string Comparable(JsonElement record)
    {
        var members = JsonNode.Parse(record.GetRawText())!.AsObject();
        members.Remove("door");
        members.Remove("replayed");
        return members.ToJsonString();
    }

    private sealed class NewYear : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2031, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }

    /// <summary>A centre that is busy.</summary>
    private sealed class Refusing(string? retryAfter) : HttpMessageHandler
    {
        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
            if (retryAfter is not null)
            {
                response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
            }

            return response;
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(Send(request, cancellationToken));
    }
}
