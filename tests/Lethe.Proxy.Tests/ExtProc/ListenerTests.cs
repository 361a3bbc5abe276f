using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Lethe.Proxy.Recording;

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
        LeaveSocket(path);
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

    [Theory]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    [InlineData("file")]
    [InlineData("empty file")]
    [InlineData("link to a file")]
    [InlineData("fifo")]
    public async Task What_is_no_socket_is_never_taken_away(string what)
    {
        var folder = Directory.CreateTempSubdirectory("lethe-sock-").FullName;
        var (path, other) = (Path.Combine(folder, "extproc.sock"), Path.Combine(folder, "notes.txt"));
        await File.WriteAllTextAsync(other, "somebody's work");
        switch (what)
        {
            case "fifo":
                using (var mkfifo = Process.Start("mkfifo", [path]))
                {
                    await mkfifo.WaitForExitAsync();
                }

                break;
            case "link to a file":
                File.CreateSymbolicLink(path, other);
                break;
            default:
                await File.WriteAllTextAsync(path, what == "file" ? "somebody's work" : "");
                break;
        }

        var fault = await Assert.ThrowsAsync<HostFault>(() => ExtProcWorld.StartAsync(options => options.ExtProc.Listen = "unix:" + path));

        Assert.Contains(path, fault.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(path));
        Assert.Equal("somebody's work", await File.ReadAllTextAsync(other));
    }

    [Fact]
    public async Task With_a_certificate_the_door_speaks_tls_and_shows_the_whole_chain()
    {
        using var authority = new TestAuthority();
        await using var world = await ExtProcWorld.StartAsync(options =>
            (options.ExtProc.CertificateFile, options.ExtProc.CertificateKeyFile) = (authority.ServerFile, authority.ServerKeyFile));
        var shown = new List<string>();
        await using var connection = await Http2Connection.OpenAsync(world.Address, (_, presented, chain, _) =>
        {
            shown.Add(((X509Certificate2)presented!).Thumbprint);
            shown.AddRange(chain!.ChainPolicy.ExtraStore.Select(one => one.Thumbprint));
            return true;
        });
        Assert.Equal((200, null), await EnvoyPlayer.PlayAsync(connection, new PlayedCall { RequestBody = [[1]] }) is var seen ? (seen.Status, seen.Fault) : default);
        Assert.Contains(authority.Server.Thumbprint, shown);
        Assert.Contains(authority.Intermediate.Thumbprint, shown);
    }

    [Theory]
    [InlineData("ours", true)]
    [InlineData("none", false)]
    [InlineData("another authority's", false)]
    [InlineData("ours, for servers", false)]
    public async Task With_an_authority_only_its_clients_come_in(string whose, bool served)
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        await using var world = await ExtProcWorld.StartAsync(options => (options.ExtProc.CertificateFile, options.ExtProc.CertificateKeyFile, options.ExtProc.ClientAuthority) =
            (authority.ServerFile, authority.ServerKeyFile, authority.RootFile));
        var client = whose switch
        {
            "ours" => authority.Shown(authority.Client),
            "ours, for servers" => authority.Shown(authority.Server),
            "none" => null,
            _ => other.Shown(other.Client),
        };

        var status = 0;
        try
        {
            await using var connection = await Http2Connection.OpenAsync(world.Address, (_, presented, _, _) => presented?.GetCertHashString() == authority.Server.GetCertHashString(), client);
            status = (await EnvoyPlayer.PlayAsync(connection, new PlayedCall { RequestBody = [[1]] })).Status;
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException or TimeoutException)
        {
            Assert.False(served, refused.Message);
        }

        Assert.Equal(served, status == 200);
        Assert.Equal(served ? 1 : 0, world.Begun);
    }

    // A socket that nobody listens on any more, as a killed process leaves it; one that is closed takes its own name away.
    private static void LeaveSocket(string path)
    {
        using var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        left.Bind(new UnixDomainSocketEndPoint(path + ".made"));
        File.Move(path + ".made", path);
    }
}
