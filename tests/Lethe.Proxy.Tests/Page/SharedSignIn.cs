using Lethe.Proxy.Tests.Hosting;

namespace Lethe.Proxy.Tests.Page;

/// <summary>A lethe that shows nothing to who has no token.</summary>
public sealed class SharedSignIn : IAsyncLifetime
{
    private LetheUnderTest lethe = null!;

    internal string Address => lethe.Host.Doors.Admin;

    public async Task InitializeAsync() => lethe = await LetheUnderTest.StartAsync(options => options.Tokens.Required = "always");

    public async Task DisposeAsync() => await lethe.DisposeAsync();
}
