using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>One call as the model API received it: what must be untouched by the proxy.</summary>
internal sealed record ModelCall(int Number, string Method, string Path, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Bytes)
{
    public JsonElement Body { get; } = Bytes.Length == 0 ? default : JsonDocument.Parse(Bytes).RootElement;

    public string Text => System.Text.Encoding.UTF8.GetString(Bytes);

    /// <summary>The names of the offered tools; tools inside a namespace as <c>namespace/name</c>.</summary>
    public IEnumerable<string> Tools =>
        Body.ValueKind != JsonValueKind.Object || !Body.TryGetProperty("tools", out var tools)
            ? []
            : tools.EnumerateArray().SelectMany(tool => tool.TryGetProperty("tools", out var inner)
                ? inner.EnumerateArray().Select(nested => tool.GetProperty("name").GetString() + "/" + nested.GetProperty("name").GetString())
                : tool.TryGetProperty("functionDeclarations", out var functions) ? functions.EnumerateArray().Select(function => function.GetProperty("name").GetString()!)
                : [NameOf(tool)]);

    private static string NameOf(JsonElement tool) =>
        tool.TryGetProperty("name", out var name) ? name.GetString()!
        : tool.TryGetProperty("function", out var function) ? function.GetProperty("name").GetString()!
        : tool.GetProperty("type").GetString()!;
}

/// <summary>Tokens of a call: neither read nor written, read from the cache, written to it for an hour, and answered.</summary>
internal sealed record ModelUsage(int Fresh, int Read, int Written, int Output);

/// <summary>What the scripted model answers to one call.</summary>
internal abstract record ModelReply
{
    /// <summary>What the vendor tells of the tokens; in Anthropic's dialect alone.</summary>
    public ModelUsage? Usage { get; init; }

    /// <summary>Called when so many events have gone out.</summary>
    public Action? Midway { get; init; }

    public int MidwayAfter { get; init; } = 1;

    public sealed record Say(string Text) : ModelReply;

    public sealed record UseTools(params (string Name, object Input)[] Tools) : ModelReply;

    public sealed record Fail(int Status, string Type, string Message) : ModelReply;

    /// <summary>Begins a stream and cuts the connection in the middle.</summary>
    public sealed record Cut : ModelReply;
}

/// <summary>A model API whose words a test scripts: Anthropic Messages, OpenAI Responses, Chat Completions and Gemini on one loopback port.</summary>
internal sealed class ScriptedModel : IAsyncDisposable
{
    private static readonly TimeSpan CutAfter = TimeSpan.FromMilliseconds(300);

    private readonly WebApplication app;
    private readonly Func<ModelCall, ModelReply> script;
    private readonly ConcurrentQueue<ModelCall> calls = new();
    private int number;

    private ScriptedModel(WebApplication app, Func<ModelCall, ModelReply> script)
    {
        this.app = app;
        this.script = script;
    }

    public string Address => app.Urls.First();

    /// <summary>The calls that asked for a reply, in order of arrival.</summary>
    public IReadOnlyList<ModelCall> Calls => [.. calls];

    public static async Task<ScriptedModel> StartAsync(Func<ModelCall, ModelReply> script)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.UseWebSockets();
        var model = new ScriptedModel(app, script);
        app.Run(model.AnswerAsync);
        await app.StartAsync();
        return model;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (context.WebSockets.IsWebSocketRequest && path.EndsWith("/responses", StringComparison.Ordinal))
        {
            await new ScriptedSocket(Called, script).AnswerAsync(context);
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var dialect = path.EndsWith("/messages", StringComparison.Ordinal) ? Dialect.Anthropic
            : path.EndsWith("/responses", StringComparison.Ordinal) ? Dialect.Responses
            : path.EndsWith("/chat/completions", StringComparison.Ordinal) ? Dialect.Chat
            : path.EndsWith("enerateContent", StringComparison.Ordinal) ? Dialect.Gemini
            : null;
        if (dialect is null || context.Request.Method != "POST")
        {
            context.Response.StatusCode = path.EndsWith("/models", StringComparison.Ordinal) ? 200 : 404;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("""{"object":"list","data":[],"models":[]}""");
            return;
        }

        var call = Called(context, body.ToArray());
        await WriteAsync(context, dialect, call, script(call));
    }

    private ModelCall Called(HttpContext context, byte[] asked)
    {
        var headers = context.Request.Headers.SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value!))).ToList();
        var call = new ModelCall(Interlocked.Increment(ref number), context.Request.Method, context.Request.Path.Value!, headers, asked);
        calls.Enqueue(call);
        return call;
    }

    private static async Task WriteAsync(HttpContext context, Dialect dialect, ModelCall call, ModelReply reply)
    {
        var response = context.Response;
        response.Headers["request-id"] = response.Headers["x-request-id"] = $"req_scripted_{call.Number}";
        if (reply is ModelReply.Fail fail)
        {
            response.StatusCode = fail.Status;
            response.ContentType = "application/json";
            await response.WriteAsync(JsonSerializer.Serialize(new { type = "error", error = new { type = fail.Type, message = fail.Message } }));
            return;
        }

        var stream = call.Path.EndsWith(":streamGenerateContent", StringComparison.Ordinal) || (call.Body.TryGetProperty("stream", out var streamed) && streamed.GetBoolean());
        var events = dialect.Stream(call, reply);
        if (!stream)
        {
            response.ContentType = "application/json";
            await response.WriteAsync(dialect.Whole(call, reply));
            return;
        }

        response.ContentType = "text/event-stream";
        foreach (var (at, sent) in (reply is ModelReply.Cut ? events.Take(2) : events).Index())
        {
            await response.WriteAsync(sent);
            await response.Body.FlushAsync();
            if (at + 1 == reply.MidwayAfter)
            {
                reply.Midway?.Invoke();
            }
        }

        if (reply is ModelReply.Cut)
        {
            // A reset throws away what the client has not read yet: the words have to arrive before the cut.
            await Task.Delay(CutAfter);
            context.Abort();
        }
    }
}
