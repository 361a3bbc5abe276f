using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Forwarding;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Lethe.Proxy.Tests.Forwarding;

public sealed class UpstreamConnectionTests
{
    [Theory]
    [InlineData("https://api.anthropic.com/", "http://secure:3128/")]
    [InlineData("http://models.lab/", "http://plain:3128/")]
    [InlineData("https://gpu.corp.example/", null)]
    [InlineData("https://corp.example/", null)]
    [InlineData("https://notcorp.example/", "http://secure:3128/")]
    [InlineData("http://10.1.2.3:8000/", null)]
    [InlineData("http://odd.example:8000/", null)]
    [InlineData("http://odd.example:8001/", "http://plain:3128/")]
    [InlineData("http://127.0.0.1:11434/", null)]
    [InlineData("http://localhost:11434/", null)]
    public void The_environment_names_the_proxy(string destination, string? proxy)
    {
        var environment = new Dictionary<string, string> { ["HTTPS_PROXY"] = "secure:3128", ["http_proxy"] = "http://plain:3128", ["no_proxy"] = "corp.example, 10.0.0.0/8,odd.example:8000" };
        var rules = new EnvironmentProxy(name => environment.GetValueOrDefault(name));

        Assert.Equal(proxy, rules.GetProxy(new Uri(destination))?.ToString());
    }

    [Fact]
    public void A_proxy_may_want_credentials_and_a_star_switches_it_off()
    {
        var wanted = new EnvironmentProxy(name => name == "ALL_PROXY" ? "http://me:p%40ss@proxy:1" : null);
        var off = new EnvironmentProxy(name => name switch { "ALL_PROXY" => "http://proxy:1", "NO_PROXY" => "*", _ => null });

        Assert.Equal("p@ss", wanted.Credentials?.GetCredential(new Uri("http://proxy:1"), "Basic")?.Password);
        Assert.Null(off.GetProxy(new Uri("https://api.openai.com")));
        Assert.False(new EnvironmentProxy(_ => null).IsSet);
    }

    [Fact]
    public async Task The_upstream_is_reached_by_the_proxy()
    {
        await using var proxy = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        await using var door = await ForwardingDoor.StartAsync(
            "http://api.invalid",
            setup => setup.Services.Add(services => services.AddSingleton(new EnvironmentProxy(name => name == "HTTP_PROXY" ? proxy.Address : null))));

        using var response = await door.Client.GetAsync("/v1/messages?a=%2F");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("http://api.invalid/v1/messages?a=%2F", Assert.Single(proxy.Requests).Target);
    }

    [Theory]
    [InlineData(true, HttpStatusCode.OK)]
    [InlineData(false, HttpStatusCode.BadGateway)]
    public async Task A_private_authority_is_trusted_when_named(bool named, HttpStatusCode expected)
    {
        using var key = RSA.Create(2048);
        using var authority = Authority(key);
        using var certificate = Leaf(authority);
        var pem = Path.GetTempFileName();
        await File.WriteAllTextAsync(pem, authority.ExportCertificatePem());
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"), certificate: certificate);
        await using var door = await ForwardingDoor.StartAsync(
            api.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal),
            setup => setup.Services.Add(services => services.AddSingleton(new PrivateAuthorities(named ? pem : null))));

        using var response = await door.Client.GetAsync("/v1/messages");

        Assert.Equal(expected, response.StatusCode);
        var exchange = await door.CapturedAsync();
        Assert.Equal(named ? null : "tls", exchange.TransportError?.Type);
        File.Delete(pem);
    }

    [Theory]
    [InlineData(8_000_000, false)]
    [InlineData(8_000_000, true)]
    [InlineData(2, false)]
    public async Task An_answer_to_an_upload_that_nobody_reads_comes_through_TLS_too(int length, bool chunked)
    {
        using var key = RSA.Create(2048);
        using var authority = Authority(key);
        using var certificate = Leaf(authority);
        var pem = Path.GetTempFileName();
        await File.WriteAllTextAsync(pem, authority.ExportCertificatePem());
        await using var api = await FakeModelApi.StartStreamingAsync(
            async context =>
            {
                (context.Response.StatusCode, context.Response.ContentLength) = (StatusCodes.Status413PayloadTooLarge, 5);
                context.Response.Headers.Connection = "close";
                await context.Response.WriteAsync("large");
            },
            certificate: certificate);
        await using var door = await ForwardingDoor.StartAsync(
            api.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal),
            setup => setup.Services.Add(services => services.AddSingleton(new PrivateAuthorities(pem))));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages") { Content = new ByteArrayContent(new byte[length]) };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await door.Client.SendAsync(request);

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "large"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.Completed, 413), (exchange.Ending, exchange.Status));
        File.Delete(pem);
    }

    private static X509Certificate2 Authority(RSA key)
    {
        var request = new CertificateRequest("CN=House CA", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
    }

    private static X509Certificate2 Leaf(X509Certificate2 authority)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), [1, 2, 3]);
        using var whole = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }
}
