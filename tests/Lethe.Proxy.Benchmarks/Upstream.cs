using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lethe.Proxy.Benchmarks;

/// <summary>A model API that answers at once: a 4 KB JSON document, a 40-event stream, or a paced stream, as the path's query says; or calls inside a WebSocket.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private static readonly byte[] Json = JsonSerializer.SerializeToUtf8Bytes(new
    {
        id = "msg_bench",
        type = "message",
        role = "assistant",
        model = "claude-sonnet-4-5",
        content = new[] { new { type = "text", text = new string('x', 3800) } },
        stop_reason = "end_turn",
        stop_sequence = (string?)null,
        usage = new { input_tokens = 500, output_tokens = 900 },
    });

    private static readonly byte[] Start = Event("message_start", """{"type":"message_start","message":{"id":"msg_bench","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"usage":{"input_tokens":500,"output_tokens":1}}}""");
    private static readonly byte[] Open = Event("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""");
    private static readonly byte[] Delta = Event("content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a few words at a time "}}""");
    private static readonly byte[] Close = Event("content_block_stop", """{"type":"content_block_stop","index":0}""");
    private static readonly byte[] Usage = Event("message_delta", """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":200}}""");
    private static readonly byte[] Stop = Event("message_stop", """{"type":"message_stop"}""");

    private readonly WebApplication app;

    private Upstream(WebApplication app) => this.app = app;

    public string Address => app.Urls.First();

    public static async Task<Upstream> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MinResponseDataRate = null);
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.UseWebSockets();
        app.Run(AnswerAsync);
        await app.StartAsync();
        return new Upstream(app);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static async Task AnswerAsync(HttpContext context)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            await SocketUpstream.AnswerAsync(context);
            return;
        }

        await context.Request.Body.CopyToAsync(Stream.Null);
        var response = context.Response;
        if (!context.Request.Query.TryGetValue("events", out var events))
        {
            response.ContentType = "application/json";
            response.ContentLength = Json.Length;
            await response.Body.WriteAsync(Json);
            return;
        }

        var gap = context.Request.Query.TryGetValue("gap", out var milliseconds) ? int.Parse(milliseconds!, null) : 0;
        response.ContentType = "text/event-stream";
        await SendAsync(response, Start);
        await SendAsync(response, Open);
        for (var number = int.Parse(events!, null); number > 0; number--)
        {
            if (gap > 0)
            {
                await Task.Delay(gap, context.RequestAborted);
            }

            await SendAsync(response, Delta);
        }

        await SendAsync(response, Close);
        await SendAsync(response, Usage);
        await SendAsync(response, Stop);
    }

    private static async Task SendAsync(HttpResponse response, byte[] bytes)
    {
        await response.Body.WriteAsync(bytes);
        await response.Body.FlushAsync();
    }

    private static byte[] Event(string type, string data) => Encoding.UTF8.GetBytes($"event: {type}\ndata: {data}\n\n");
}
