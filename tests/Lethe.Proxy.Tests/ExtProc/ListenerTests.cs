using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Lethe.Proxy.Hosting;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>Where the door can listen: TCP, a Unix socket, TLS.</summary>
public sealed class ListenerTests
{
    [Theory]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    [InlineData("600")]
    [InlineData("666")]
    public async Task A_unix_socket_is_open_to_those_its_mode_names_even_where_a_stale_one_lay(string mode)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("lethe-sock-").FullName, "extproc.sock");
        await File.WriteAllTextAsync(path, "left behind");
        await using (var world = await ExtProcWorld.StartAsync(options => (options.ExtProc.Listen, options.ExtProc.SocketMode) = ("unix:" + path, mode)))
        {
            Assert.Equal(mode, Convert.ToString((int)File.GetUnixFileMode(path), 8));
            await using var connection = await world.ConnectAsync();
            Assert.Equal((200, null), await EnvoyPlayer.PlayAsync(connection, new PlayedCall { RequestBody = [[1]] }) is var seen ? (seen.Status, seen.Fault) : default);
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task A_socket_that_somebody_answers_on_is_not_taken_away()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("lethe-sock-").FullName, "extproc.sock");
        using var owner = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        owner.Bind(new UnixDomainSocketEndPoint(path));
        owner.Listen();
        var fault = await Assert.ThrowsAsync<HostFault>(() => ExtProcWorld.StartAsync(options => options.ExtProc.Listen = "unix:" + path));
        Assert.Contains("in use", fault.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task With_a_certificate_the_door_speaks_tls_and_offers_h2()
    {
        var folder = Directory.CreateTempSubdirectory("lethe-tls-").FullName;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        await using var world = await ExtProcWorld.StartAsync(options =>
            (options.ExtProc.CertificateFile, options.ExtProc.CertificateKeyFile) = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem")));
        await using var connection = await Http2Connection.OpenAsync(world.Address, (_, presented, _, _) => presented?.GetCertHashString() == certificate.GetCertHashString());
        Assert.Equal((200, null), await EnvoyPlayer.PlayAsync(connection, new PlayedCall { RequestBody = [[1]] }) is var seen ? (seen.Status, seen.Fault) : default);
    }
}
