using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Lethe.Proxy.Tests.Agents;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Lethe.Proxy.Tests.Promises;

/// <summary>What no client should send and no model should answer: passed on untouched, recorded as far as it can be, and the product stays well.</summary>
public sealed class BadInputTests
{
    private const int LargeBytes = 64 * 1024 * 1024;
    private const int EventCount = 100_000;
    private const long MemoryMax = 2L * 1024 * 1024 * 1024;

    private static readonly TimeSpan StoredMax = TimeSpan.FromSeconds(30);

    private static readonly byte[][] Broken =
    [
        [],
        "{\"model\":\"m\",\"messages\":[{\"role\":"u8.ToArray(),
        "not json at all"u8.ToArray(),
        [.. "{\"messages\":[{\"role\":\"user\",\"content\":\""u8, 0xff, 0xfe, 0xc3, 0x28, .. "\"}]}"u8],
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\0b\"}]}"u8.ToArray(),
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\\u0000b\"}]}"u8.ToArray(),
        "{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud800 alone \\udc00\"}]}"u8.ToArray(),
        [.. "{\"messages\":[{\"role\":\"user\",\"content\":\""u8, 0xed, 0xa0, 0x80, .. "\"}]}"u8],
        "{\"model\":\"a\",\"model\":\"b\",\"messages\":[],\"messages\":[{\"role\":\"user\",\"role\":\"user\",\"content\":\"twice\",\"content\":\"said\"}]}"u8.ToArray(),
        Encoding.UTF8.GetBytes("{\"messages\":" + new string('[', 5_000) + new string(']', 5_000) + "}"),
        "[1e999,-0,1E400]"u8.ToArray(),
        "data: {\"type\":\"message_start\"\n\ndata: [DONE]\n\n"u8.ToArray(),
    ];

    [Fact]
    public async Task Broken_bodies_pass_untouched_both_ways_and_each_is_on_record_with_its_hash()
    {
        await using var api = await FakeModelApi.StartAsync(EchoAsync);
        await using var lethe = await StartAsync(api);
        string[] paths = ["/anthropic/v1/messages", "/openai/v1/chat/completions", "/openai/v1/responses"];
        using var client = new HttpClient();
        foreach (var path in paths)
        {
            foreach (var body in Broken)
            {
                foreach (var type in (string[])["application/json", "text/event-stream"])
                {
                    using var content = new ByteArrayContent(body);
                    content.Headers.TryAddWithoutValidation("content-type", type);
                    using var answer = await client.PostAsync(new Uri(lethe.Listen + path), content);
                    Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                    Assert.Equal(body, await answer.Content.ReadAsByteArrayAsync());
                }
            }
        }

        await lethe.StopAsync();

        string[] sent = [.. paths.SelectMany(_ => Broken.SelectMany(body => (string[])[Hash(body), Hash(body)])).Order()];
        Assert.Equal(sent, api.Requests.Select(request => Hash(request.Body)).Order());
        var records = await lethe.ExportAsync("--bodies");
        Assert.Equal(sent, records.Select(record => record.Text("request", "sha256")!).Order());
        Assert.Equal(sent, records.Select(record => record.Text("response", "sha256")!).Order());
        Assert.All(records, record => Assert.Equal(
            record.Text("response", "sha256"), Hash(Convert.FromBase64String(record.Text("response", "body_base64") ?? ""))));
        await AssertClean(lethe);
    }

    [Fact]
    public async Task Huge_bodies_and_endless_streams_pass_whole_and_memory_stays_bounded()
    {
        var large = Encoding.UTF8.GetBytes("{\"messages\":[{\"role\":\"user\",\"content\":\"" + new string('x', LargeBytes - 100) + "\"}]}");
        await using var api = await FakeModelApi.StartAsync(context => context.Request.Query.ContainsKey("stream") ? StreamAsync(context) : EchoAsync(context));
        await using var lethe = await StartAsync(api);
        using var client = new HttpClient();

        using (var content = new ByteArrayContent(large))
        using (var answer = await client.PostAsync(new Uri(lethe.Listen + "/anthropic/v1/messages"), content))
        {
            Assert.Equal(Hash(large), Hash(await answer.Content.ReadAsByteArrayAsync()));
        }

        using var streamed = await client.PostAsync(new Uri(lethe.Listen + "/anthropic/v1/messages?stream"), new StringContent("""{"stream":true,"messages":[]}"""));
        var events = await streamed.Content.ReadAsByteArrayAsync();
        Assert.Equal(EventCount, Encoding.UTF8.GetString(events).Split("text_delta").Length - 1);
        var peak = lethe.PeakMemory();
        // A stop waits for ingest no longer than two seconds.
        var records = await lethe.ExportAsync();
        for (var waited = Stopwatch.StartNew(); records.Count < 2 && waited.Elapsed < StoredMax; records = await lethe.ExportAsync())
        {
            await Task.Delay(100);
        }

        await lethe.StopAsync();
        Assert.InRange(peak, 0, MemoryMax);
        Assert.Equal([Hash(large), Hash(events)], records.Select(record => record.Text("response", "sha256")!));
        Assert.Equal("completed", records[1].Text("outcome"));
        Assert.Equal(EventCount, records[1].Text("reply", "text")!.Length);
        await AssertClean(lethe);
    }

    [Fact]
    public async Task Headers_up_to_the_limit_pass_and_those_beyond_it_are_refused_without_harm()
    {
        await using var api = await FakeModelApi.StartAsync(EchoAsync);
        await using var lethe = await StartAsync(api);
        using var client = new HttpClient();

        Assert.Equal(HttpStatusCode.OK, await SendAsync(count: 900, bytes: 1_000));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(count: 1, bytes: 900_000));
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, await SendAsync(count: 1, bytes: 1_100_000));
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, await SendAsync(count: 1_100, bytes: 1));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(count: 1, bytes: 1));

        await lethe.StopAsync();
        Assert.Equal(3, api.Requests.Count);
        Assert.Equal(900, api.Requests[0].Headers.Count(header => header.Name.StartsWith("x-many-", StringComparison.Ordinal)));
        Assert.Equal(3, (await lethe.ExportAsync()).Count);
        await AssertClean(lethe);

        async Task<HttpStatusCode> SendAsync(int count, int bytes)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, lethe.Listen + "/anthropic/v1/messages") { Content = new StringContent("{}") };
            for (var i = 0; i < count; i++)
            {
                request.Headers.TryAddWithoutValidation("x-many-" + i.ToString(CultureInfo.InvariantCulture), new string('v', bytes));
            }

            using var answer = await client.SendAsync(request);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task A_client_without_ids_whose_first_answer_is_cut_is_one_session_one_turn_two_attempts()
    {
        const string Ask = """{"model":"gpt-5","stream":true,"messages":[{"role":"user","content":"hi"}]}""";
        var tries = 0;
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            var cut = Interlocked.Increment(ref tries) == 1;
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("""data: {"id":"c","object":"chat.completion.chunk","model":"gpt-5","choices":[{"index":0,"delta":{"role":"assistant","content":"hel"}}]}""" + "\n\n");
            await context.Response.Body.FlushAsync();
            if (cut)
            {
                await heard.Task;
                context.Abort();
                return;
            }

            await context.Response.WriteAsync("""data: {"id":"c","object":"chat.completion.chunk","model":"gpt-5","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}""" + "\n\ndata: [DONE]\n\n");
        });
        await using var lethe = await StartAsync(api);
        using var client = new HttpClient();
        var address = new Uri(lethe.Listen + "/openai/v1/chat/completions");
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(Ask) };
        using (var cut = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            await using var words = await cut.Content.ReadAsStreamAsync();
            Assert.NotEqual(0, await words.ReadAsync(new byte[1_000]));
            heard.SetResult();
            await Assert.ThrowsAnyAsync<IOException>(() => words.CopyToAsync(Stream.Null));
        }

        using var answer = await client.PostAsync(address, new StringContent(Ask));
        await lethe.StopAsync();

        var records = await lethe.ExportAsync();
        Assert.Equal(["upstream_aborted", "completed"], records.Select(record => record.Text("outcome")));
        Assert.NotNull(Assert.Single(records.Select(record => record.Text("session", "id")).Distinct()));
        Assert.Equal([1, 2], records.Select(record => record.Number("turn", "attempt")!.Value));
        Assert.Equal([null, 1], records.Select(record => record.Number("turn", "seq")));
        Assert.Equal(records[0].Text("exchange_id"), records[1].Text("turn", "retry_of"));
        await AssertClean(lethe);
    }

    private static Task<LetheProcess> StartAsync(FakeModelApi api) => LetheProcess.StartAsync(null, LetheProcess.Upstream(api.Address));

    private static async Task AssertClean(LetheProcess lethe)
    {
        var (exitCode, output, errors) = await LetheProgram.RunAsync("verify", "--parity", "--data", lethe.DataDirectory);
        Assert.True(exitCode == 0, output + errors);
        Assert.DoesNotContain("fail:", await lethe.SaidAsync(), StringComparison.Ordinal);
    }

    private static async Task EchoAsync(HttpContext context)
    {
        context.Response.ContentType = context.Request.ContentType;
        context.Response.ContentLength = context.Request.ContentLength;
        await context.Request.Body.CopyToAsync(context.Response.Body);
    }

    private static async Task StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync("""data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[]}}""" + "\n\n");
        await context.Response.WriteAsync("""data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""" + "\n\n");
        for (var i = 0; i < EventCount; i++)
        {
            await context.Response.WriteAsync("""data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}""" + "\n\n");
        }

        await context.Response.WriteAsync("""data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}""" + "\n\ndata: {\"type\":\"message_stop\"}\n\n");
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
