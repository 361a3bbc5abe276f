using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Lethe.Proxy.Tests.Crash;

/// <summary>A Messages API that streams at a pace: the request says how many events, and how many milliseconds apart.</summary>
internal sealed class PacedModel : IAsyncDisposable
{
    private readonly WebApplication app;

    private PacedModel(WebApplication app) => this.app = app;

    public string Address => app.Urls.First();

    public static async Task<PacedModel> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapPost("/v1/messages", StreamAsync);
        await app.StartAsync();
        return new PacedModel(app);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static async Task StreamAsync(HttpContext context)
    {
        using var request = await JsonDocument.ParseAsync(context.Request.Body);
        var (events, gap) = (request.RootElement.GetProperty("events").GetInt32(), request.RootElement.GetProperty("gap").GetInt32());
        context.Response.ContentType = "text/event-stream";
        await SendAsync(context, "message_start", """{"type":"message_start","message":{"id":"msg_paced","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"usage":{"input_tokens":3,"output_tokens":1}}}""");
        await SendAsync(context, "content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""");
        for (var number = 0; number < events; number++)
        {
            await Task.Delay(gap, context.RequestAborted);
            await SendAsync(context, "content_block_delta", $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"word {{{number}}} "}}""");
        }

        await SendAsync(context, "content_block_stop", """{"type":"content_block_stop","index":0}""");
        await SendAsync(context, "message_delta", """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}""");
        await SendAsync(context, "message_stop", """{"type":"message_stop"}""");
    }

    private static async Task SendAsync(HttpContext context, string type, string data)
    {
        await context.Response.WriteAsync($"event: {type}\ndata: {data}\n\n");
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
