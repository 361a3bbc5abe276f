using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.Forwarding;

public sealed class BodyBytesTests
{
    private const int MiB = 1024 * 1024;
    private static readonly int KibibytesMax = 1024;

    public static TheoryData<string, byte[]> OddBodies => new()
    {
        { "malformed JSON", "{\"a\":[1,"u8.ToArray() },
        { "invalid UTF-8", [(byte)'"', 0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, (byte)'"'] },
        { "NUL", "{\"a\":\"\0\"}\0"u8.ToArray() },
        { "duplicate keys and odd numbers", "{\"a\":1.0,\"a\":0.70,  \"b\":1E400}\r\n"u8.ToArray() },
        { "lone surrogate", """{"a":"\ud800"}"""u8.ToArray() },
        { "gzip", Gzip("{\"a\":1}"u8.ToArray()) },
        { "zstd frame", [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x02, 0x11, 0x00, 0x00, (byte)'{', (byte)'}'] },
        { "nothing", [] },
    };

    [Theory]
    [MemberData(nameof(OddBodies))]
    public async Task Odd_bodies_pass_untouched_both_ways(string what, byte[] body)
    {
        await using var api = await FakeModelApi.StartAsync(context =>
        {
            context.Response.ContentLength = body.Length;
            context.Response.Headers.ContentEncoding = what.Split(' ')[0];
            return context.Response.Body.WriteAsync(body).AsTask();
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var content = new ByteArrayContent(body);
        content.Headers.ContentEncoding.Add("x-odd");

        using var response = await door.Client.PostAsync("/v1/messages", content);

        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
        var seen = Assert.Single(api.Requests);
        Assert.Equal(body, seen.Body);
        Assert.Equal(("x-odd", body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)), (seen.Header("content-encoding"), seen.Header("content-length")));
        var exchange = await door.CapturedAsync();
        Assert.Equal(body, exchange.Request.Bytes.ToArray());
        Assert.Equal(body, exchange.Response.Bytes.ToArray());
    }

    [Fact]
    public async Task Sixty_four_mebibytes_pass_both_ways_and_are_kept()
    {
        var request = RandomNumberGenerator.GetBytes(64 * MiB);
        await using var api = await FakeModelApi.StartStreamingAsync(async context =>
        {
            context.Response.Headers["x-sha256"] = Convert.ToHexStringLower(await SHA256.HashDataAsync(context.Request.Body));
            await context.Response.Body.WriteAsync(request);
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);

        using var response = await door.Client.PostAsync("/v1/messages", new ByteArrayContent(request));
        var answer = await response.Content.ReadAsByteArrayAsync();

        var sha256 = Convert.ToHexStringLower(SHA256.HashData(request));
        Assert.Equal(sha256, Assert.Single(response.Headers.GetValues("x-sha256")));
        Assert.True(answer.AsSpan().SequenceEqual(request));
        var exchange = await door.CapturedAsync();
        Assert.Equal((sha256, sha256), (exchange.Request.Sha256, exchange.Response.Sha256));
        Assert.Equal((64 * MiB, false), (exchange.Request.Bytes.Length, exchange.Request.Truncated));
    }

    [Fact]
    public async Task A_full_buffer_marks_the_capture_and_leaves_the_call_alone()
    {
        var body = RandomNumberGenerator.GetBytes(3 * MiB);
        await using var api = await FakeModelApi.StartAsync(context => context.Response.Body.WriteAsync(body).AsTask());
        await using var door = await ForwardingDoor.StartAsync(api.Address, setup => setup.Options.Capture.BodyBytesMax = 1000);

        using var response = await door.Client.PostAsync("/v1/messages", new ByteArrayContent(body));

        Assert.True((await response.Content.ReadAsByteArrayAsync()).AsSpan().SequenceEqual(body));
        var exchange = await door.CapturedAsync();
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(body));
        Assert.Equal((1000, true, (long)body.Length, sha256), (exchange.Request.Bytes.Length, exchange.Request.Truncated, exchange.Request.WireBytes, exchange.Request.Sha256));
        Assert.Equal((1000, true, sha256), (exchange.Response.Bytes.Length, exchange.Response.Truncated, exchange.Response.Sha256));
    }

    [Fact]
    public async Task Long_headers_pass_both_ways()
    {
        var value = new string('v', 200 * 1024);
        await using var api = await FakeModelApi.StartAsync(context =>
        {
            context.Response.Headers["x-long"] = value;
            return Task.CompletedTask;
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/messages");
        request.Headers.TryAddWithoutValidation("x-long", value);
        for (var i = 0; i < 500; i++)
        {
            request.Headers.TryAddWithoutValidation("x-many-" + i, "1");
        }

        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxResponseHeadersLength = KibibytesMax }) { BaseAddress = new Uri(door.Address) };
        using var response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(value, Assert.Single(response.Headers.GetValues("x-long")));
        Assert.Equal(value, Assert.Single(api.Requests).Header("x-long"));
        Assert.Equal("1", Assert.Single(api.Requests).Header("x-many-499"));
    }

    [Fact]
    public async Task A_chunked_request_stays_chunked()
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n");

        await client.ReadMessageAsync();

        var seen = Assert.Single(api.Requests);
        Assert.Equal(("chunked", null, "{\"a\":1}"), (seen.Header("transfer-encoding"), seen.Header("content-length"), Encoding.UTF8.GetString(seen.Body)));
        Assert.Equal("{\"a\":1}", Encoding.UTF8.GetString((await door.CapturedAsync()).Request.Bytes.Span));
    }

    private static byte[] Gzip(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(plain);
        }

        return packed.ToArray();
    }
}
