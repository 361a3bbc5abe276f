using Lethe.Proxy.Admin;
using Lethe.Proxy.ExtProc;

namespace Lethe.Proxy.Hosting;

/// <summary>One process, three front doors: each request goes to the branch of the door it came in by, and sees no other's routes.</summary>
internal static class DoorPipeline
{
    public static void Configure(IApplicationBuilder app)
    {
        Branch(app, Doorway.Admin, endpoints => endpoints.MapAdmin());
        Branch(app, Doorway.ExtProc, endpoints => endpoints.MapExtProc());
    }

    private static void Branch(IApplicationBuilder app, Doorway door, Action<IEndpointRouteBuilder> map) => app.MapWhen(door.Leads, branch =>
    {
        branch.UseRouting();
        branch.UseEndpoints(map);
    });
}
