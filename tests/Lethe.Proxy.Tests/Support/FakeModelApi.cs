using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lethe.Proxy.Tests.Support;

/// <summary>What a model API received: the target as written, every header value by itself, the body's bytes.</summary>
public sealed record ReceivedRequest(string Method, string Target, string Protocol, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
{
    public string? Header(string name)
    {
        var values = Headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value).ToArray();
        return values.Length == 0 ? null : string.Join(", ", values);
    }
}

/// <summary>A model API on Kestrel whose every answer the test writes.</summary>
public sealed class FakeModelApi : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<ReceivedRequest> requests = new();

    private FakeModelApi(WebApplication app, string scheme)
    {
        this.app = app;
        var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Address = $"{scheme}://127.0.0.1:{new Uri(bound).Port}";
    }

    public string Address { get; }

    public IReadOnlyList<ReceivedRequest> Requests => [.. requests];

    /// <summary>Starts an API that reads each request whole, remembers it, and answers by <paramref name="reply"/>.</summary>
    public static Task<FakeModelApi> StartAsync(Func<HttpContext, Task> reply, HttpProtocols protocols = HttpProtocols.Http1, X509Certificate2? certificate = null) =>
        StartAsync(reply, readsFirst: true, protocols, certificate);

    /// <summary>Starts an API that leaves the request body to <paramref name="reply"/> and remembers nothing.</summary>
    public static Task<FakeModelApi> StartStreamingAsync(Func<HttpContext, Task> reply, HttpProtocols protocols = HttpProtocols.Http1, X509Certificate2? certificate = null) =>
        StartAsync(reply, readsFirst: false, protocols, certificate);

    /// <summary>One body and its type, status 200.</summary>
    public static Func<HttpContext, Task> Json(string body) => async context =>
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Encoding.UTF8.GetByteCount(body);
        await context.Response.WriteAsync(body);
    };

    /// <summary>Server-sent events, each flushed.</summary>
    public static Func<HttpContext, Task> Events(params string[] events) => async context =>
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var data in events)
        {
            await context.Response.WriteAsync(data);
            await context.Response.Body.FlushAsync();
        }
    };

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static async Task<FakeModelApi> StartAsync(Func<HttpContext, Task> reply, bool readsFirst, HttpProtocols protocols, X509Certificate2? certificate)
    {
        FakeModelApi? api = null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestHeadersTotalSize = 1024 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 2000;
            kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
            kestrel.Listen(IPAddress.Loopback, 0, listener =>
            {
                listener.Protocols = protocols;
                if (certificate is not null)
                {
                    listener.UseHttps(certificate);
                }
            });
        });
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(async context =>
        {
            if (readsFirst)
            {
                var request = await ReadAsync(context);
                context.Request.Body = new MemoryStream(request.Body);
                api!.requests.Enqueue(request);
            }

            await reply(context);
        });
        await app.StartAsync();
        return api = new FakeModelApi(app, certificate is null ? "http" : "https");
    }

    private static async Task<ReceivedRequest> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers.SelectMany(header => header.Value.Select(value => (header.Key, value ?? ""))).ToArray();
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        return new ReceivedRequest(context.Request.Method, target, context.Request.Protocol, headers, body.ToArray());
    }
}
