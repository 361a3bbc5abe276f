using System.Text;
using System.Text.Json.Nodes;
using Lethe.Proxy.Tests.Hosting;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>The same call through the forwarding door and through the Envoy door is the same record, but for the door, the ids and the clock.</summary>
public sealed class DoorAgreementTests
{
    private const string Path = "/anthropic/v1/messages";
    private const string Question = """{"model":"claude-sonnet-4-5","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"hi"}]}""";
    private const string Json = """{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","usage":{"input_tokens":12,"output_tokens":3}}""";
    private const string Refusal = """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""";

    private static readonly string Events = string.Concat(
        Event("message_start", """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"usage":{"input_tokens":12,"output_tokens":1}}}"""),
        Event("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"""),
        Event("content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"""),
        Event("content_block_stop", """{"type":"content_block_stop","index":0}"""),
        Event("message_delta", """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}"""),
        Event("message_stop", """{"type":"message_stop"}"""));

    private static readonly (string Name, string Value)[] Headers =
    [
        ("user-agent", "claude-cli/2.1.329 (external, cli)"),
        ("x-claude-code-session-id", "5f6b1c1e-0000-4000-8000-000000000001"),
        ("x-api-key", "sk-ant-invented"),
        ("anthropic-version", "2023-06-01"),
        ("content-type", "application/json"),
    ];

    public static TheoryData<string, int, string, bool> Calls => new()
    {
        { "application/json", 200, Json, false },
        { "text/event-stream", 200, Events, false },
        { "text/event-stream", 200, Events, true },
        { "application/json", 529, Refusal, false },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Both_doors_write_the_same_record(string contentType, int status, string body, bool observing)
    {
        var forwarded = await ForwardedAsync(contentType, status, body);
        var played = await PlayedAsync(contentType, status, body, observing);
        Assert.Equal("forwarding", (string?)forwarded["door"]);
        Assert.Equal("ext_proc", (string?)played["door"]);
        Assert.Equal(Comparable(forwarded), Comparable(played));
    }

    private static async Task<JsonObject> ForwardedAsync(string contentType, int status, string body)
    {
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = contentType;
            context.Response.Headers["request-id"] = "req_1";
            await context.Response.WriteAsync(body);
        });
        await using var lethe = await LetheUnderTest.StartAsync(options => options.Upstreams["anthropic"] = new() { Address = api.Address });
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Question)) };
        foreach (var (name, value) in Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await lethe.Forwarding.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        return await RecordAsync(lethe);
    }

    private static async Task<JsonObject> PlayedAsync(string contentType, int status, string body, bool observing)
    {
        await using var lethe = await LetheUnderTest.StartAsync();
        await using var connection = await Http2Connection.OpenAsync(lethe.Host.Doors.ExtProc!);
        var bytes = Encoding.UTF8.GetBytes(body);
        var seen = await EnvoyPlayer.PlayAsync(connection, new PlayedCall
        {
            Request = BodyMode.Streamed,
            Response = BodyMode.Streamed,
            Observing = observing,
            Path = Path,
            Headers = Headers,
            RequestBody = [Encoding.UTF8.GetBytes(Question)],
            Status = status,
            ResponseHeaders = [("content-type", contentType), ("request-id", "req_1")],
            ResponseBody = [bytes[..20], bytes[20..]],
        });
        Assert.Equal((status, null), (seen.Status, seen.Fault));
        return await RecordAsync(lethe);
    }

    private static async Task<JsonObject> RecordAsync(LetheUnderTest lethe)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            var page = JsonNode.Parse(await lethe.Admin.GetStringAsync("/v1/exchanges?limit=2", bound.Token))!;
            if (page["items"]!.AsArray() is { Count: > 0 } items)
            {
                return Assert.Single(items)!.AsObject();
            }

            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    private static string Comparable(JsonObject record)
    {
        var copy = record.DeepClone().AsObject();
        foreach (var own in new[] { "door", "exchange_id", "commit_key", "captured_at", "timing" })
        {
            copy.Remove(own);
        }

        copy["session"]!.AsObject().Remove("id");
        return copy.ToJsonString();
    }

    private static string Event(string name, string data) => $"event: {name}\ndata: {data}\n\n";
}
