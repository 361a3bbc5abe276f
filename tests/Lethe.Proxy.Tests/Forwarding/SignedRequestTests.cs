using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>A request that is signed as AWS asks for it (Signature Version 4) is the same at the upstream: the server reckons the signature again.</summary>
public sealed class SignedRequestTests
{
    private const string Secret = "an-invented-key";
    private const string Scope = "20261001/us-east-1/bedrock/aws4_request";
    private static readonly string[] Signed = ["accept", "content-type", "host", "user-agent", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-amzn-bedrock-accept"];

    [Theory]
    [InlineData("/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream")]
    [InlineData("/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.amazon.nova-lite-v1%3A0/invoke")]
    [InlineData("/model/amazon.titan-text-lite-v1/invoke-with-response-stream")]
    public async Task What_was_signed_reaches_the_upstream_as_it_was(string target)
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        await using var door = await ForwardingDoor.StartAsync(setup => setup.Options.Upstreams["bedrock"] = new() { Address = api.Address });
        using var client = await PassingThroughTests.Raw(door);
        const string Body = """{"messages":[{"role":"user","content":[{"text":"h\u00e9  llo"}]}]}""";
        var headers = new Dictionary<string, string>
        {
            ["accept"] = "*/*",
            ["content-type"] = "application/json",
            ["host"] = new Uri(api.Address).Authority,
            ["user-agent"] = "aws-sdk-js/3.9 ua/2.1 os/linux md/nodejs#24",
            ["x-amz-content-sha256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Body))),
            ["x-amz-date"] = "20261001T120000Z",
            ["x-amz-security-token"] = "a+token/with==",
            ["x-amzn-bedrock-accept"] = "*/*",
        };
        var signature = Sign(target, name => headers[name]);
        var head = string.Concat(headers.Select(header => $"{header.Key}: {header.Value}\r\n"));
        await client.SendAsync($"POST {target} HTTP/1.1\r\n{head}authorization: AWS4-HMAC-SHA256 Credential=AKID/{Scope}, SignedHeaders={string.Join(';', Signed)}, Signature={signature}\r\n"
            + $"Content-Length: {Body.Length}\r\nConnection: close\r\n\r\n{Body}");

        Assert.StartsWith("HTTP/1.1 200", await client.ReadToEndAsync(), StringComparison.Ordinal);

        var seen = Assert.Single(api.Requests);
        Assert.Equal(target, seen.Target);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(seen.Body)), seen.Header("x-amz-content-sha256"));
        Assert.EndsWith("Signature=" + Sign(seen.Target, name => seen.Header(name)!), seen.Header("authorization"), StringComparison.Ordinal);
        var exchange = await door.CapturedAsync();
        Assert.Equal(("bedrock", target), (exchange.Provider, exchange.Path));
    }

    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    private static string Sign(string target, Func<string, string> header)
    {
        var path = target.Replace("%", "%25", StringComparison.Ordinal);
        var lines = string.Concat(Signed.Select(name => string.Create(CultureInfo.InvariantCulture, $"{name}:{header(name).Trim()}\n")));
        var canonical = $"POST\n{path}\n\n{lines}\n{string.Join(';', Signed)}\n{header("x-amz-content-sha256")}";
        var toSign = $"AWS4-HMAC-SHA256\n{header("x-amz-date")}\n{Scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = Scope.Split('/').Aggregate(Encoding.UTF8.GetBytes("AWS4" + Secret), (at, part) => HMACSHA256.HashData(at, Encoding.UTF8.GetBytes(part)));
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
    }
}
